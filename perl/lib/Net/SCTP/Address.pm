# Addresses: hosts and ports as text and numbers <-> struct sockaddr_in and sockaddr_in6. Mistakes die with a sentence
# that names them.
package Net::SCTP::Address;
use strict;
use warnings;
use Socket qw(AF_INET AF_INET6 AI_NUMERICHOST SOCK_STREAM INADDR_ANY IN6ADDR_ANY NI_NUMERICHOST NIx_NOSERV
  getaddrinfo getnameinfo inet_ntoa inet_pton inet_ntop pack_sockaddr_in pack_sockaddr_in6 unpack_sockaddr_in unpack_sockaddr_in6);

# A port from 0 to 65535, or a service's name, as a number. Undefined is 0.
sub port {
  my ($port, $who) = @_;
  return 0 unless defined $port;
  die "$who is a reference: a port is a number from 0 to 65535\n" if ref $port;
  return $port + 0 if $port =~ /^[0-9]{1,5}$/ && $port <= 65_535;
  if ($port =~ /^[A-Za-z][A-Za-z0-9_-]*$/) {
    for my $protocol (qw(sctp tcp)) {
      my $number = (getservbyname $port, $protocol)[2];
      return $number if defined $number;
    }
    die "$who is '$port': there is no such service\n";
  }
  die "$who is '$port': a port is a number from 0 to 65535\n";
}

# The published module handed ports over without putting them into network order; its peers expect that.
sub _in_legacy_order { my ($port) = @_; return unpack 'n', pack 'S', $port }

# The addresses that a host or an array of hosts names; undefined and empty ones name none.
sub list {
  my ($hosts) = @_;
  return grep { defined && length } ref $hosts eq 'ARRAY' ? @$hosts : ($hosts);
}

# context: { ipv6 => whether the socket is an IPv6 one, legacy => ports in the order of the published module }
sub wildcard {
  my ($port, $context) = @_;
  $port = _in_legacy_order($port) if $context->{legacy};
  return $context->{ipv6} ? pack_sockaddr_in6($port, IN6ADDR_ANY) : pack_sockaddr_in($port, INADDR_ANY);
}

sub pack_address {
  my ($host, $port, $who, $context) = @_;
  die "$who is a reference: a host is a string\n" if ref $host;
  $port = _in_legacy_order($port) if $context->{legacy};
  my $v4 = inet_pton(AF_INET, $host);
  return pack_sockaddr_in($port, $v4) if defined $v4;
  my $numeric = $host =~ /:/ || $host =~ /^[0-9.]+$/;
  die "$who is '$host': that is no address\n" if $numeric && $host !~ /:/;
  die "$who is '$host': that is no name of a host\n" if !$numeric && $host !~ /^[A-Za-z0-9_][A-Za-z0-9._-]*\z/;
  my ($error, @found) = getaddrinfo($host, '', { socktype => SOCK_STREAM, flags => $numeric ? AI_NUMERICHOST : 0 });
  die "$who is '$host': " . ($numeric ? 'that is no address' : $error) . "\n" if $error;
  die "$who is '$host', an IPv6 address: that needs IPV6 => 1\n" if $numeric && !$context->{ipv6};
  for my $each (grep { $_->{family} == AF_INET } @found) {
    return pack_sockaddr_in($port, (unpack_sockaddr_in($each->{addr}))[1]);
  }
  for my $each (grep { $_->{family} == AF_INET6 && $context->{ipv6} } @found) {
    return pack_sockaddr_in6($port, (unpack_sockaddr_in6($each->{addr}))[1, 2]);
  }
  die "$who is '$host': it has no IPv4 address, and others need IPV6 => 1\n";
}

# What an option or an argument gives for an address: 'host', 'host:port', '[host]:port' or [host, port].
sub from_value {
  my ($value, $who, $context) = @_;
  my ($host, $port) = ref $value eq 'ARRAY' ? @$value : ($value);
  die "$who: there is no address\n" unless defined $host && length $host;
  if (ref $value ne 'ARRAY' && ($host =~ /^\[(.*)\]:(\w+)$/ || $host =~ /^([^:]+):(\w+)$/)) { ($host, $port) = ($1, $2) }
  $host = $1 if $host =~ /^\[(.*)\]$/;
  return pack_address($host, port($port // $context->{port}, "$who: the port"), $who, $context);
}

# (host, port) of a struct sockaddr, or an empty list. An IPv4 address in the form of IPv6 is shown as what it is.
sub unpack_address {
  my ($packed, $legacy) = @_;
  return unless defined $packed && utf8::downgrade($packed, 1) && length $packed >= 16;
  my $family = unpack 'S', $packed;
  my ($host, $port);
  if ($family == AF_INET) {
    $packed = substr $packed, 0, 16;
    ($port, my $bytes) = unpack_sockaddr_in($packed);
    $host = inet_ntoa($bytes);
  } elsif ($family == AF_INET6 && length $packed >= 28) {
    $packed = substr $packed, 0, 28;
    ($port, my $bytes, my $scope) = unpack_sockaddr_in6($packed);
    if    ($bytes =~ /^\0{10}\xff\xff(.{4})$/s) { $host = inet_ntoa($1) }
    elsif ($scope) { $host = (getnameinfo($packed, NI_NUMERICHOST, NIx_NOSERV))[1] }
    else           { $host = inet_ntop(AF_INET6, $bytes) }
  } else {
    return;
  }
  return ($host, $legacy ? _in_legacy_order($port) : $port);
}

sub host { my ($packed) = @_; return (unpack_address($packed))[0] // '' }

# Hosts of addresses one behind the other.
sub hosts {
  my ($packed) = @_;
  my @hosts;
  while (length $packed >= 16) {
    my $size = unpack('S', $packed) == AF_INET ? 16 : 28;
    push @hosts, host(substr $packed, 0, $size, '');
  }
  return @hosts;
}

1;
