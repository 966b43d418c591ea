#!/bin/bash
# Imports the benchmark RD into DaCHS; called by setup.sh. FORCE=1 reloads.
set -euo pipefail
. "$(dirname "$0")/env.sh"
step() { local t=$(date +%s.%N); local what="$1"; shift; "$@" > "$DACHS_HOME/log.$what" 2>&1 \
   || { echo "FAILED $what"; tail -20 "$DACHS_HOME/log.$what"; return 1; }
   printf '%-18s %7.1f s\n' "$what" "$(echo "$(date +%s.%N) - $t" | bc)"; }
have() { [ "${FORCE:-0}" != 1 ] && asuser postgres psql -qAt -d gavo -c "select 1 from $1 limit 1" 2>/dev/null | grep -q 1; }
rd=bench/q
have ivoa._obscoresources || step obscore asuser dachsroot dachs imp //obscore
have bench.sources || step sources asuser dachsroot dachs imp $rd import_sources
have bench.sources_pgs || step sources_pgs asuser dachsroot dachs imp $rd import_sources_pgs
have bench.products || step products asuser dachsroot dachs imp $rd import_products
step analyze asuser postgres psql -q -d gavo -c "analyze"
step limits asuser dachsroot dachs limits $rd || true
step pub asuser dachsroot dachs pub $rd //tap //siap2 || true
