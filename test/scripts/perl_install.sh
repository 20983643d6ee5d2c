#!/usr/bin/env bash
# Net::SCTP installs as any Perl module: against an installed netsctp that pkg-config finds, `perl Makefile.PL`, `make`,
# `make test`, `make install`; then a script runs on what was installed, and perldoc's text is there. Without netsctp
# Makefile.PL says what to do.
set -euo pipefail
: "${BUILD_DIR:?the build to install}" "${SOURCE_DIR:?the source with perl/}"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export NETSCTP_UDP_PORT=$((20000 + $$ % 12000))
export PKG_CONFIG_PATH=$place/prefix/lib/pkgconfig

cp -r "$SOURCE_DIR/perl" "$place/perl"
cd "$place/perl"

echo "without netsctp"
if PKG_CONFIG_LIBDIR=$place/none PKG_CONFIG_PATH=$place/none perl Makefile.PL > "$place/log" 2>&1; then
  echo "Makefile.PL did not fail"; exit 1
fi
grep -q "NETSCTP_BUILD=" "$place/log"

echo "installing netsctp"
cmake --install "$BUILD_DIR" --prefix "$place/prefix" > "$place/log"
PKG_CONFIG_PATH=$(dirname "$(find "$place/prefix" -name netsctp.pc)")

echo "perl Makefile.PL && make && make test && make install"
perl Makefile.PL INSTALL_BASE="$place/perl5" > "$place/log" 2>&1 || { cat "$place/log"; exit 1; }
make > "$place/log" 2>&1 || { cat "$place/log"; exit 1; }
if grep -i warning "$place/log"; then exit 1; fi
make test TEST_FILES="t/load.t t/object.t t/peeloff.t" > "$place/log" 2>&1 || { cat "$place/log"; exit 1; }
make install > "$place/log" 2>&1 || { cat "$place/log"; exit 1; }

echo "a script on what was installed"
cd "$place"
export PERL5LIB=$place/perl5/lib/perl5
rm -rf "$place/perl"
perl -MNet::SCTP -e '
  die $INC{"Net/SCTP.pm"} if $INC{"Net/SCTP.pm"} !~ m{/perl5/};
  my $server = Net::SCTP->new({ LocalHost => "127.0.0.1" });
  $server->start_server or die $server->error;
  my $client = Net::SCTP->new({ PeerHost => "127.0.0.1", PeerPort => $server->get_LocalPort });
  $client->start_client or die $client->error;
  $client->sctp_sendmsg("installed") == 9 or die $client->error;
  print +($server->sctp_recvmsg)[0], "\n"' > "$place/said"
grep -qx installed "$place/said"
pod2text "$PERL5LIB"/*/Net/SCTP.pod > "$place/manual"
grep -q "^SYNOPSIS" "$place/manual"
[ -z "$(find "$place/perl5" -name '*.pl')" ] || { echo "installed, and no module: $(find "$place/perl5" -name '*.pl')"; exit 1; }
echo "done"
