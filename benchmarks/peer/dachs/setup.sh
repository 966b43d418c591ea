#!/bin/bash
# Installs GAVO DaCHS from Debian's packages, in a place of its own, and fills it. Idempotent; safe to run again.
set -euo pipefail
. "$(dirname "$0")/env.sh"
log() { printf '%s %s\n' "$(date +%T)" "$*"; }
cd "$CHECKOUT"
mkdir -p "$DACHS_HOME" "$DACHS_PGRUN" "$DACHS_DATA"; chmod 755 "$DACHS_HOME"
APT="apt-get -o DPkg::Lock::Timeout=300 -q -y --no-install-recommends"
export DEBIAN_FRONTEND=noninteractive

# --- 1. packages. No service may start by itself while we install.
if ! [ -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; MADE_POLICY=1
fi
need=0; for p in postgresql-15 postgresql-15-pgsphere postgresql-15-q3c stilts curl wrk; do
  dpkg-query -W -f='${Status}' $p 2>/dev/null | grep -q 'ok installed' || need=1; done
if [ $need = 1 ]; then
  log "apt: postgresql + tools"; $APT update >/dev/null || true
  $APT install postgresql-15 postgresql-15-pgsphere postgresql-15-q3c stilts curl wrk > "$DACHS_HOME/apt1.log" 2>&1
fi
if ! [ -x "$DACHS_VENV/bin/python" ]; then
  log "venv"; python3 -m venv "$DACHS_VENV"
  "$DACHS_VENV/bin/pip" install -q numpy pyarrow 2>/dev/null
fi

# --- 2. a private PostgreSQL: copied tree (so that the extension script can be
#        repaired without touching the system) and own cluster.
#   PostgreSQL 15.20 refuses an operator whose declared commutator/negator already
#   belongs to another operator; Debian 12's pgsphere script declares two such
#   backwards-compatibility operators "@" (bigint/spoint, smoc), so CREATE EXTENSION
#   pg_sphere fails.  Dropping those two clauses for these two operators repairs it.
if ! [ -x "$DACHS_PGBIN/postgres" ]; then
  log "copy postgres tree"
  mkdir -p "$DACHS_PGTREE/lib/postgresql" "$DACHS_PGTREE/share/postgresql"
  cp -a /usr/lib/postgresql/15 "$DACHS_PGTREE/lib/postgresql/"
  cp -aL /usr/share/postgresql/15 "$DACHS_PGTREE/share/postgresql/"
  "$DACHS_VENV/bin/python" - "$DACHS_PGTREE/share/postgresql/15/extension/pg_sphere--1.2.0.sql" <<'PY'
import re, sys
p = sys.argv[1]; s = open(p).read()
def fix(m):
    return re.sub(r"\n\s*(COMMUTATOR|NEGATOR)\s*=[^,\n]*,", "", m.group(0)) if "smoc" in m.group(0) else m.group(0)
t = re.sub(r"CREATE OPERATOR @ \(.*?\);", fix, s, flags=re.S)
open(p, "w").write(t)
print("pg_sphere script repaired:", len(s) - len(t), "characters dropped")
PY
fi
if ! [ -e "$DACHS_PGDATA/PG_VERSION" ]; then
  log "initdb"
  chown postgres "$DACHS_PGRUN"; chmod 755 "$DACHS_PGRUN"
  install -d -o postgres -m 700 "$DACHS_PGDATA"
  asuser postgres "$DACHS_PGBIN/initdb" -D "$DACHS_PGDATA" -E UTF8 --locale=C.UTF-8 \
     --auth-local=trust --auth-host=scram-sha-256 > "$DACHS_HOME/initdb.log"
  cat >> "$DACHS_PGDATA/postgresql.conf" <<CONF
# --- what a small production host (24 GB, 2 cores, SSD) would use
listen_addresses = '127.0.0.1'
port = $DACHS_PGPORT
unix_socket_directories = '$DACHS_PGRUN'
shared_buffers = 2GB
effective_cache_size = 12GB
work_mem = 64MB
maintenance_work_mem = 512MB
random_page_cost = 1.1
max_wal_size = 4GB
max_connections = 200
CONF
fi
sed -i "s/^port = .*/port = $DACHS_PGPORT/" "$DACHS_PGDATA/postgresql.conf"
pg_up

# --- 3. DaCHS itself.  Its postinst wants a running local PostgreSQL and runs
#        "dachs init": PGHOST/PGPORT/GAVOSETTINGS lead it to the private places.
if ! [ -e "$GAVOSETTINGS" ]; then
  log "gavo.rc"
  cat > "$GAVOSETTINGS" <<CONF
[general]
rootDir: $DACHS_ROOT
maintainerAddress: nobody@example.org
[web]
bindAddress: 127.0.0.1
serverPort: $DACHS_PORT
serverURL: http://127.0.0.1:$DACHS_PORT
sitename: DaCHS beside vo-server
maxSyncUploadSize: $DACHS_MAXSYNCUPLOAD
[ivoa]
authority: dachs.example
[db]
indexWorkMem: 512
CONF
fi
chmod 644 "$GAVOSETTINGS"
if ! [ -e "$DACHS_ROOT/etc/dsn" ]; then
  mkdir -p "$DACHS_ROOT/etc"
  printf 'database = gavo\nhost = localhost\nport = %s\n' "$DACHS_PGPORT" > "$DACHS_ROOT/etc/dsn"
  getent passwd dachsroot >/dev/null && chown -R dachsroot:gavo "$DACHS_ROOT" || chmod -R a+rwX "$DACHS_ROOT"
fi
if ! dpkg-query -W -f='${Status}' gavodachs2-server 2>/dev/null | grep -q 'ok installed'; then
  log "apt: gavodachs2-server"
  $APT install gavodachs2-server > "$DACHS_HOME/apt2.log" 2>&1 \
    || { chown -R dachsroot:gavo "$DACHS_ROOT"; dpkg --configure gavodachs2-server >> "$DACHS_HOME/apt2.log" 2>&1; }
fi
[ "${MADE_POLICY:-0}" = 1 ] && rm -f /usr/sbin/policy-rc.d
chown dachsroot:gavo "$DACHS_ROOT"
asuser postgres psql -qAt -c "select 1 from pg_database where datname='gavo'" postgres | grep -q 1 \
  || asuser postgres createdb --encoding=UTF-8 --template template0 gavo
asuser postgres psql -qAt -c "select 1 from pg_roles where rolname='dachsroot'" postgres | grep -q 1 \
  || asuser postgres createuser -s dachsroot
asuser dachsroot psql -qAt -c "select 1 from pg_namespace where nspname='tap_schema'" gavo | grep -q 1 \
  || { log "dachs init"; asuser dachsroot dachs init; }

# --- 4. data
if ! [ -e "$DACHS_DATA/sources.csv" ]; then
  log "make_data"; "$DACHS_VENV/bin/python" -m benchmarks.peer.data --out "$DACHS_DATA" \
     --sources "$DACHS_NSRC" --obscore "$DACHS_NOBS"
fi

install -d -o dachsroot -g gavo "$DACHS_ROOT/inputs/bench" "$DACHS_ROOT/inputs/bench/data"
"$DACHS_VENV/bin/python" -B -m benchmarks.peer.dachs.resource "$DACHS_DATA" > "$DACHS_ROOT/inputs/bench/q.rd"
chown dachsroot:gavo "$DACHS_ROOT/inputs/bench/q.rd"
chmod -R a+rX "$DACHS_DATA"
bash "$ANCHOR_DIR/load.sh"
log "setup done"
