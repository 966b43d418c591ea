"""The half of the core that speaks HTTP: requests as DALI has them, answers, who asks, the application."""
