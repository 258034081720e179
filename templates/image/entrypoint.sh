#!/bin/bash
# entrypoint.sh ROLE [ARGUMENT...]: the roles of the instance image.
#   web        nginx and PHP-FPM over the clone's files
#   database   MariaDB; the arguments are server options
#   sidecar    the transfer code behind its HTTP API
#   wpclone    the command line (the clean-up CronJob uses it)
#   agent      `wpclone agent`; the arguments are its flags
set -euo pipefail
role=${1:-web}
[ $# -gt 0 ] && shift
home=/wpclone
sockets=/run/mysqld

start_fpm() {
  local settings=:/opt/wpclone/image/php opened
  # Written by the sidecar for a clone that was made with --keep-mail or --allow-exec, or whose source has short tags; read is the image's own copy.
  for opened in deliver-mail allow-exec deliver-mail-allow-exec short-open-tag; do
    [ -e "$home/run/php/zz-$opened.ini" ] && settings+=:/opt/wpclone/image/php-$opened
  done
  PHP_INI_SCAN_DIR=$settings exec php-fpm --nodaemonize --fpm-config /opt/wpclone/image/php-fpm.conf
}

# Runs PHP-FPM, and stops and starts it when the sidecar says so: nothing of a clone may run while it is put back.
php() {
  local php command
  start_fpm &
  php=$!
  while read -r command <&3; do
    if [ "$command" = stop ] && [ -n "$php" ]; then
      kill -TERM "$php" || true
      wait "$php" || true
      php=
    elif [ "$command" = start ] && [ -z "$php" ]; then
      start_fpm &
      php=$!
    elif [ "$command" = listen ]; then
      write_nginx_conf
      # Takes up the new configuration, and ends nothing that is being served.
      kill -HUP "$(</tmp/nginx/nginx.pid)" || true
    fi
    [ "$command" != report ] || report >&4 || true
    echo "$command done" >&4
    # All but this process and the container's first one, which then ends, and with it whatever is left.
    [ "$command" != end ] || kill -s KILL -- -1
  done
}

# What runs here, with the process that began it, and what lies in the folders that only this container, or all of the pod, can write to. By the shell
# itself as far as it goes: what it started would be among what it tells of. A name with a line break must not look like two.
report() {
  local entry line name words
  for entry in /proc/[0-9]*; do
    { read -r line <"$entry/stat" && mapfile -d '' -t words <"$entry/cmdline"; } 2>/dev/null || continue
    # The process's own name, in parentheses, may hold anything: what follows the last one counts.
    name=${line#*(} name=[${name%)*}] line=${line##*) }
    line=${line#? }
    line="process ${entry#/proc/} ${line%% *} ${words[*]:-$name}"
    echo "${line//$'\n'/?}"
  done
  # How large a folder is depends on what was in it.
  find /tmp /dev/shm /dev/mqueue -mindepth 1 \( \( -type d -o -name '*.pid' \) -printf 'left %y %m %p\0' -o -printf 'left %y %m %p %s %l\0' \) 2>/dev/null | tr '\n\0' '?\n'
}

# Beside the probes' port the one is listened on that people use from outside: it is part of the clone's URL, and the sidecar
# writes it down when the instance is given to a clone.
write_nginx_conf() {
  local listen='' ipv6='' port=''
  [ -e "$sockets/web.port" ] && port=$(<"$sockets/web.port")
  [[ $port =~ ^[0-9]{1,5}$ ]] && listen="listen 127.0.0.1:$port;"
  # The kubelet and the Service ask at the pod's own address, which on some clusters is an IPv6 one only.
  grep -qs . /proc/net/if_inet6 && ipv6='listen [::]:8080 default_server;'
  sed "s|#URL_PORT#|$listen|; s|#IPV6#|$ipv6|" /opt/wpclone/image/nginx.conf >/tmp/nginx/nginx.conf
}

web() {
  # What an earlier run of this container left is nobody's any more.
  chmod -R u+rwX /tmp /dev/shm 2>/dev/null || true
  find /tmp /dev/shm -mindepth 1 -delete 2>/dev/null || true
  # Said by the sidecar between two clones, where no clone can change it: what is there now is not to be run.
  while [ -e /run/wpclone/closed ]; do sleep 0.1; done
  mkdir -p "$home"/{www,run/tmp,mail} /tmp/nginx
  write_nginx_conf
  for pipe in web.in web.out; do
    [ -p "$sockets/$pipe" ] || mkfifo "$sockets/$pipe"
  done
  # Opened both ways, so that neither side waits for the other to open.
  exec 3<>"$sockets/web.in" 4<>"$sockets/web.out"

  export WPCLONE_INSTANCE=$home WPCLONE_PHP=/usr/bin/php
  # Whatever honours a proxy is sent to a port where nothing listens: a clone reaches nobody.
  export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9
  # What PHP logs is read in the clone's folder by verify, and in the pod's log by people.
  touch "$home/run/php-errors.log"
  tail -q -n 0 -F "$home/run/php-errors.log" &
  tail=$!
  php &
  php=$!
  nginx -c /tmp/nginx/nginx.conf &
  nginx=$!
  # SIGQUIT lets both finish the requests they are serving.
  trap 'kill -QUIT "$nginx" "$(</tmp/php-fpm.pid)" 2>/dev/null || true' TERM INT QUIT
  code=0
  wait "$nginx" || code=$?
  # A signal ends the first wait before nginx has ended.
  wait "$nginx" 2>/dev/null || true
  kill -KILL "$php" "$tail" 2>/dev/null || true
  exit "$code"
}

database() {
  volume=/var/lib/mysql data=$volume/data
  # Said by the sidecar between two clones: nothing of the last one is kept.
  if [ -e "$volume/anew" ]; then
    find "$volume" /tmp -mindepth 1 ! -path "$volume/anew" -delete
  fi
  find /tmp -mindepth 1 -printf '%y %m %p %l\n' >"$volume/found"
  if [ ! -d "$data" ]; then
    # In a place of its own on the node's disk (src/sidecar/spread.ts): where files of a pod lay that was just removed, new ones take long.
    rm -rf "$volume/new"
    mkdir "$volume/new"
    chattr +T "$volume/new" 2>/dev/null || true
    new=$volume/new/$RANDOM$RANDOM
    cp -a /opt/wpclone/datadir "$new"
    mv "$new" "$data"
    rmdir "$volume/new"
    rm -f "$volume/anew"
  fi
  name=${MYSQL_DATABASE:-wordpress} user=${MYSQL_USER:-wordpress}
  password=$(<"${MYSQL_PASSWORD_FILE:?}")
  [[ $name$user$password =~ ^[A-Za-z0-9_-]+$ ]] || { echo "The database's name, user or password has characters that it may not have." >&2; exit 1; }
  # Who may do everything has a password of this start, told where the sidecar reads it and no clone can. The operating system's word for who asks would be no better than
  # none: the PHP of a clone is the same user.
  local administrator
  administrator=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
  # Run at every start, one statement per line, so that the password always is the one of the Secret, whatever the data folder says.
  umask 077
  echo "$administrator" >"$volume/administrator"
  {
    echo "CREATE USER IF NOT EXISTS 'node'@'127.0.0.1';"
    echo "ALTER USER 'node'@'127.0.0.1' IDENTIFIED BY '$administrator';"
    echo "GRANT ALL ON *.* TO 'node'@'127.0.0.1' WITH GRANT OPTION;"
    echo "DROP USER IF EXISTS 'node'@'localhost';"
    echo "CREATE DATABASE IF NOT EXISTS \`$name\` CHARACTER SET utf8mb4;"
    for host in localhost 127.0.0.1; do
      echo "CREATE USER IF NOT EXISTS '$user'@'$host';"
      echo "ALTER USER '$user'@'$host' IDENTIFIED BY '$password';"
      echo "GRANT ALL ON \`$name\`.* TO '$user'@'$host';"
    done
  } >/tmp/init.sql
  rm -f "$sockets/mysqld.sock"
  umask 022
  exec mariadbd --defaults-file=/opt/wpclone/image/database.cnf --datadir="$data" --init-file=/tmp/init.sql "$@"
}

case $role in
  web) web ;;
  database) database "$@" ;;
  sidecar) exec env MALLOC_ARENA_MAX=2 node $WPCLONE_NODE_FLAGS /opt/wpclone/dist/sidecar/main.js "$@" ;;
  wpclone) exec node /opt/wpclone/bin/run.js "$@" ;;
  agent) exec node /opt/wpclone/bin/run.js agent "$@" ;;
  *) echo "entrypoint.sh: unknown role $role; one of web, database, sidecar, wpclone, agent." >&2; exit 64 ;;
esac
