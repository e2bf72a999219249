#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: a database and a role each for the gateways and for Rasa. Rasa's libraries are
# old and its role reaches nothing of the gateways', where the text messages and the numbers are.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    -v gateway="$GATEWAY_DB_PASSWORD" -v tracker="$TRACKER_DB_PASSWORD" <<'SQL'
CREATE ROLE gateway LOGIN PASSWORD :'gateway';
CREATE ROLE tracker LOGIN PASSWORD :'tracker';
CREATE DATABASE gateway OWNER gateway ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE tracker OWNER tracker ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE gateway FROM PUBLIC;
REVOKE ALL ON DATABASE tracker FROM PUBLIC;
SQL
