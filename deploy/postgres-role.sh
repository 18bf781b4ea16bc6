#!/bin/sh
# Makes Loam's role, which is no superuser, and its database, in a cluster that was just made.
set -e
psql --username "${POSTGRES_USER:-postgres}" --dbname postgres -v ON_ERROR_STOP=1 -v password="$LOAM_PASSWORD" <<'SQL'
CREATE ROLE loam LOGIN PASSWORD :'password' CREATEROLE;
CREATE DATABASE loam OWNER loam;
REVOKE CONNECT ON DATABASE loam FROM PUBLIC;
SQL
