#!/usr/bin/env bash
# The manual pages: groff has nothing to say against them, every function of netsctp.h is described, and the installed
# tree has a page under the name of each.
set -euo pipefail
: "${BUILD_DIR:?the build to install from}" "${SOURCE_DIR:?the source with docs/man}"
command -v groff >/dev/null || { echo "no groff here"; exit 77; }
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

status=0
for page in "$SOURCE_DIR"/docs/man/*.[137]; do
  groff -man -Tutf8 -ww -z "$page" > "$place/warnings" 2>&1
  if [ -s "$place/warnings" ]; then
    cat "$place/warnings"
    status=1
  fi
  for section in NAME DESCRIPTION 'SEE ALSO'; do
    grep -qx ".SH $section" "$page" || { echo "${page##*/} has no section $section"; status=1; }
  done
done

cmake --install "$BUILD_DIR" --prefix "$place/prefix" >/dev/null
man=$place/prefix/share/man
for name in man1/netsctp.1 man7/netsctp.7 \
  $(sed -nE 's/^[a-z][a-z_ *]*[ *](netsctp_[a-z0-9_]+)\(.*/man3\/\1.3/p' "$SOURCE_DIR/include/netsctp.h"); do
  [ -s "$man/$name" ] || { echo "there is no page $name"; status=1; continue; }
  # The page that is meant declares the function.
  page=$man/$(sed -n 's/^\.so //p' "$man/$name")
  [ -f "$page" ] || page=$man/$name
  function=$(basename "$name" .3)
  case $name in
    man3/*) grep -q "^\.BI* .*[ *]$function(" "$page" || { echo "$(basename "$page") does not declare $function()"; status=1; } ;;
  esac
done

echo "references of the pages to each other"
for reference in $(sed -nE 's/^.*\.BR (netsctp[a-z_]*) "?\(([137])\).*/man\2\/\1.\2/p' "$SOURCE_DIR"/docs/man/*.[137] | sort -u); do
  [ -f "$man/$reference" ] || { echo "a page refers to $reference, which there is not"; status=1; }
done
exit $status
