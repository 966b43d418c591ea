# Common settings of the DaCHS that is measured beside this server; every value can be overridden from outside.
export DACHS_HOME="${DACHS_HOME:-${TMPDIR:-/tmp}/dachs}"            # everything private lives here
export DACHS_PORT="${DACHS_PORT:-8180}"                  # DaCHS http port (127.0.0.1)
export DACHS_PGPORT="${DACHS_PGPORT:-55480}"             # private PostgreSQL port
export DACHS_PGDATA="${DACHS_PGDATA:-$DACHS_HOME/pg}"
export DACHS_PGRUN="${DACHS_PGRUN:-$DACHS_HOME/run}"     # unix socket directory
export DACHS_ROOT="${DACHS_ROOT:-$DACHS_HOME/gavo}"      # DaCHS rootDir
export DACHS_DATA="${DACHS_DATA:-$DACHS_HOME/data}"      # generated csv/parquet
export DACHS_VENV="${DACHS_VENV:-$DACHS_HOME/venv}"      # numpy, pyarrow
export DACHS_NSRC="${DACHS_NSRC:-2000000}"
export DACHS_NOBS="${DACHS_NOBS:-200000}"
export DACHS_MAXSYNCUPLOAD="${DACHS_MAXSYNCUPLOAD:-20000000}"   # DaCHS default 500000
# a private, relocated copy of Debian's PostgreSQL 15 (see setup.sh, step 2)
export DACHS_PGTREE="${DACHS_PGTREE:-$DACHS_HOME/pgsql}"
export DACHS_PGBIN="${DACHS_PGBIN:-$DACHS_PGTREE/lib/postgresql/15/bin}"
export GAVOSETTINGS="$DACHS_HOME/gavo.rc"
export GAVOCUSTOM=/nonexistent
export PGHOST="$DACHS_PGRUN" PGPORT="$DACHS_PGPORT"
ANCHOR_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
CHECKOUT="$(cd "$ANCHOR_DIR/../../.." && pwd)"

# a small, clean environment for everything that runs as another user
asuser() { # asuser USER cmd args...
  local u="$1"; shift
  (cd / && runuser -u "$u" -- env -i HOME="$(getent passwd "$u" | cut -d: -f6)" LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    GAVOSETTINGS="$GAVOSETTINGS" GAVOCUSTOM="$GAVOCUSTOM" PGHOST="$PGHOST" PGPORT="$PGPORT" "$@")
}
pg_up() {
  if ! asuser postgres "$DACHS_PGBIN/pg_ctl" -D "$DACHS_PGDATA" status >/dev/null 2>&1; then
    asuser postgres "$DACHS_PGBIN/pg_ctl" -D "$DACHS_PGDATA" -w -t 60 -l "$DACHS_PGDATA/server.log" start >/dev/null
  fi
}
