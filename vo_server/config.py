"""What an operator may set, read once at start-up from ``VO_*`` variables or ``vo-server.toml``."""

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    HttpUrl,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    PostgresDsn,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from vo_server.errors import UsageFault


class Settings(BaseSettings):
    """The settings of one server; frozen, built in the entry points and passed on."""

    model_config = SettingsConfigDict(
        env_prefix="VO_", env_ignore_empty=True, toml_file="vo-server.toml", frozen=True, extra="forbid"
    )

    database_url: PostgresDsn | None = None  #: unset means the embedded server; else the owner's URL
    state_dir: Path | None = None  #: database, results, spool; unset means the default of `vo_server.db`
    host: str = "127.0.0.1"  #: address to listen on
    port: int = Field(default=8080, ge=1, le=65535)
    base_url: HttpUrl | None = None  #: what clients see; unset means http://<host>:<port>
    authority: str = Field(default="vo-server.example", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,}$")
    archive_name: str = "vo-server demo archive"
    maxrec_default: PositiveInt = 20_000  #: rows, when the client sends no MAXREC
    maxrec_limit: PositiveInt = 100_000_000  #: rows, the most a client may ask for
    sync_timeout: PositiveFloat = 60.0  #: seconds, then a synchronous query is cancelled
    async_timeout: PositiveFloat = 3600.0  #: seconds, the most an asynchronous query may run
    slow_query: PositiveFloat = 10.0  #: seconds from which a query is logged with its text
    retention: PositiveFloat = 7 * 86400.0  #: seconds until a job is destroyed
    #: Processes that answer requests.
    web: PositiveInt = Field(default_factory=lambda: min(2, os.cpu_count() or 1))
    workers: PositiveInt = 1  #: worker processes that `serve` starts
    connections: PositiveInt = 8  #: database connections for short queries, per web process
    snapshot_interval: PositiveFloat | None = None  #: seconds; unset, snapshots are made by the command only
    duckdb_memory: PositiveInt = 1024**3  #: bytes for queries over Parquet files, per process
    duckdb_space: PositiveInt = 10 * 1024**3  #: bytes of their temporary files, per process
    duckdb_threads: PositiveInt = Field(default_factory=lambda: os.cpu_count() or 1)  #: cores, per process
    owner_queries: PositiveInt = (
        48  #: synchronous queries of one account or address at a time, per web process
    )
    owner_jobs: PositiveInt = 500  #: jobs of one account or address that have not ended
    owner_running: PositiveInt = 4  #: of these, how many run at a time
    user_tables: PositiveInt = 100  #: tables that one account may keep
    user_space: PositiveInt = 10 * 1024**3  #: bytes of them together
    result_size: PositiveInt = 20 * 1024**3  #: bytes of a result that is kept: a job's, or a FITS file
    cutout_size: PositiveInt = 2 * 1024**3  #: bytes of pixels that one cutout may have
    upload_size: PositiveInt = 256 * 1024 * 1024  #: bytes of an uploaded table, unpacked
    upload_rows: PositiveInt = 2_000_000  #: rows of an uploaded table
    upload_timeout: PositiveFloat = 60.0  #: seconds in which a table at a URL has to be fetched
    upload_hosts: tuple[str, ...] = ()  #: hosts with private addresses that tables may be fetched from
    result_store: str | None = None  #: URL where job results go; unset means a directory in state_dir
    demo_cache: Path | None = None  #: real files of the demo archive; unset means a directory in state_dir
    token_file: Path | None = None  #: accounts and their tokens; unset means tokens.toml in state_dir
    archivists: tuple[str, ...] = ()  #: accounts that review and publish submissions
    submission_size: PositiveInt = 100 * 1024**3  #: bytes of a file of a submission
    registry_file: Path | None = None  #: who publishes, and what; unset means registry.toml in state_dir
    registry_refresh: PositiveFloat = 600.0  #: seconds until the registry's records are looked at again
    #: Signs resumption tokens where several servers share a database; unset means a file in state_dir.
    registry_key: str | None = Field(default=None, min_length=16)
    health_interval: NonNegativeFloat = 21_600.0  #: seconds between deep checks of the server; 0: none
    rules: tuple[Path, ...] = ()  #: directories with classification rules (*.oca, *.yaml), beside our own
    programmes: Path | None = None  #: release dates by programme; unset means programmes.toml in state_dir
    raw_in_obscore: Literal["none", "science", "all"] = "none"  #: which raw frames ObsCore has, too
    compress: Literal["remote", "always", "never"] = "remote"  #: gzip, for clients that accept it
    log_format: Literal["console", "json"] = "console"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over variables, variables over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """The settings in force, with ``overrides`` (those that are not None) on top.

        Raises
        ------
        UsageFault
            A value is malformed; the message names its variable.
        """
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
        except ValidationError as exc:
            lines = [f"VO_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in exc.errors()]
            raise UsageFault("the settings are wrong: " + "; ".join(lines)) from exc

    @property
    def root_url(self) -> str:
        """The URL that clients see, without a slash at the end."""
        return str(self.base_url).rstrip("/") if self.base_url else f"http://{self.host}:{self.port}"
