# Net::SCTP: SCTP sockets as objects. The calls are those of <netsctp.h> (SCTP.xs); addresses, options and structs are
# turned into bytes by the modules in Net/SCTP/. The manual is at the end.
package Net::SCTP;
use 5.036;
use strict;
use warnings;
no warnings 'ambiguous';
use Carp ();
use Errno qw(EADDRNOTAVAIL EBADF EDESTADDRREQ EINVAL EOPNOTSUPP);
use Scalar::Util ();
use Socket ();
use Symbol ();
use XSLoader;

our $VERSION = '0.1.0';

use parent 'Exporter';
use Net::SCTP::Constants;
our %EXPORT_TAGS = %Net::SCTP::Constants::tags;
our @EXPORT_OK   = @Net::SCTP::Constants::names;

XSLoader::load(__PACKAGE__, $VERSION);

use Net::SCTP::Address;
use Net::SCTP::Handle;
use Net::SCTP::Notification;
use Net::SCTP::Options;
use Net::SCTP::Struct;

# An object is also a filehandle, as far as fileno() goes.
use overload '*{}' => sub { $_[0]->handle }, fallback => 1;

my %defaults = (
  LocalHost => '', LocalPort => 0, PeerHost => '', PeerPort => 0, Listen => 1, OneToMany => 1, Debug => undef,
  IPV6 => undef, AutoBind => undef, LegacyPorts => undef, Socket => undef, DestSocket => undef,
);

# Descriptors that objects of this process have made and not closed => the object that did. A number that has gone to
# another object since is not closed twice.
my %owner;
my $last_error = '';    # of new() and class methods

# --- errors: $!, a sentence, and on STDERR only what Debug asks for

# Returns the result given, or nothing.
sub _fail {
  my ($self, $errno, $sentence, $result) = @_;
  chomp $sentence;
  (ref $self ? $self->{_Error} : $last_error) = $sentence;
  _say($self, $sentence) if ref $self && $self->{Debug};
  $! = $errno;
  return @_ > 3 ? $result : ();
}

# A call of the system has failed: $! says how.
sub _failed { my ($self, $what, @result) = @_; return _fail($self, $! + 0, "$what: $!", @result) }

sub _say { my ($self, $what) = @_; local $\; local $,; print STDERR "Net::SCTP: $what\n"; return }

sub error { my ($self) = @_; return ref $self ? $self->{_Error} : $last_error }

# --- the object

sub new {
  my ($class, @arguments) = @_;
  my $arguments = @arguments == 1 ? $arguments[0] : @arguments % 2 == 0 ? {@arguments} : undef;
  $last_error = '';
  return _fail($class, EINVAL, 'new takes a hash reference', undef) unless ref $arguments eq 'HASH';
  my %given = %$arguments;
  for my $key (sort keys %given) {
    return _fail($class, EINVAL, "new has no key $key; it has " . join(', ', sort keys %defaults), undef)
      unless exists $defaults{$key};
    delete $given{$key} if !defined $given{$key} && $key ne 'OneToMany';
  }
  for my $key (qw(LocalPort PeerPort)) {
    return _fail($class, EINVAL, $@, undef) unless eval { Net::SCTP::Address::port($given{$key}, $key); 1 };
  }
  my $self = bless { %defaults, %given, _Error => '', _AssocID => undef, _Made => {} },
    ref $class || $class;
  return $self;
}

for my $key (keys %defaults) {
  my $name = $key eq 'Listen' ? 'listener' : $key;
  no strict 'refs';
  *{"get_$name"} = sub { my ($self) = @_; return $self->{$key} };
  *{"set_$name"} = $key =~ /Port$/ ? sub { my ($self, $port) = @_; return $self->_set_port($key, $port) }
    : sub { my ($self, $value) = @_; return $self->{$key} = $value };
}
*get_Listen = \&get_listener;
*set_Listen = \&set_listener;

sub _set_port {
  my ($self, $key, $port) = @_;
  $self->{_Error} = '';
  return _fail($self, EINVAL, $@, undef) unless eval { Net::SCTP::Address::port($port, $key); 1 };
  return $self->{$key} = $port;
}

sub get_AssocID { my ($self) = @_; return $self->{_AssocID} }

sub backend { return Net::SCTP::Call::backend() // _fail($_[0], $! + 0, Net::SCTP::Call::backend_reason(), undef) }

# The descriptor to send to and receive from; -1 and the reason. Every method with a descriptor begins here or in _main.
sub _current { my ($self, $call) = @_; return _usable($self, $call, defined $self->{DestSocket} ? 'DestSocket' : 'Socket') }
sub _main    { my ($self, $call) = @_; return _usable($self, $call, 'Socket') }

sub _usable {
  my ($self, $call, $key) = @_;
  $self->{_Error} = '';
  my $descriptor = $self->{$key};
  return _fail($self, EBADF, "$call: there is no socket; socket() makes one", -1) unless defined $descriptor;
  return _fail($self, EBADF, "$call: $key is '$descriptor', which is no descriptor", -1) unless $descriptor =~ /^[0-9]+$/;
  return _fail($self, EBADF, "$call: descriptor $descriptor has been closed", -1)
    if $self->{_Made}{$descriptor} && ($owner{$descriptor} // 0) != Scalar::Util::refaddr($self);
  _say($self, "$call on descriptor $descriptor") if $self->{Debug};
  return $descriptor;
}

sub _own {
  my ($self, $descriptor) = @_;
  $self->{_Made}{$descriptor} = 1;
  $owner{$descriptor} = Scalar::Util::refaddr($self);
  # What get_RecvInfo tells comes with every message.
  Net::SCTP::Call::setsockopt($descriptor, IPPROTO_SCTP(), SCTP_RECVRCVINFO(), pack 'i', 1);
  return $descriptor;
}

sub _context {
  my ($self, $port) = @_;
  return { port => $port // $self->{PeerPort}, ipv6 => defined $self->{IPV6}, legacy => $self->{LegacyPorts} };
}

# Hosts with a port, one packed address behind the other. Dies with a sentence.
sub _packed {
  my ($self, $hosts, $key, $port_key) = @_;
  my $port = Net::SCTP::Address::port($self->{$port_key}, $port_key);
  return map { Net::SCTP::Address::pack_address($_, $port, $key, _context($self)) } Net::SCTP::Address::list($hosts);
}

# The same of LocalHost's kind, where none means any.
sub _local {
  my ($self, $hosts) = @_;
  my @all = _packed($self, $hosts, 'LocalHost', 'LocalPort');
  return @all if @all;
  return Net::SCTP::Address::wildcard(Net::SCTP::Address::port($self->{LocalPort}, 'LocalPort'), _context($self));
}

sub _names {
  my ($hosts, $port) = @_;
  my @all = Net::SCTP::Address::list($hosts);
  return (@all ? join(', ', @all) : 'any address') . ($port ? " port $port" : '');
}

# --- the life of a socket

sub socket {
  my ($self) = @_;
  $self->{_Error} = '';
  my $type = $self->{OneToMany} ? Socket::SOCK_SEQPACKET() : Socket::SOCK_STREAM();
  my $descriptor = Net::SCTP::Call::socket(defined $self->{IPV6} ? Socket::AF_INET6() : Socket::AF_INET(), $type);
  if ($descriptor < 0) {
    my ($errno, $text) = ($! + 0, "$!");
    my $reason = Net::SCTP::Call::backend() ? '' : ' (' . Net::SCTP::Call::backend_reason() . ')';
    return _fail($self, $errno, "socket: $text$reason", -1);
  }
  $self->{Socket} = _own($self, $descriptor);
  _say($self, "socket is descriptor $descriptor") if $self->{Debug};
  return $descriptor;
}

# bind, bindx, listen, connect: which port it has become, if none was asked for.
sub _learn_port {
  my ($self, $descriptor) = @_;
  return if $self->{LocalPort};
  my $name = Net::SCTP::Call::getsockname($descriptor) // return;
  (undef, my $port) = Net::SCTP::Address::unpack_address($name, $self->{LegacyPorts});
  $self->{LocalPort} = $self->{_Picked} = $port if $port;
  return;
}

sub bind {
  my ($self, $host) = @_;
  my $descriptor = _main($self, 'bind');
  return -1 if $descriptor < 0;
  return _fail($self, EINVAL, 'bind: AutoBind leaves the address to the system', -1) if $self->{AutoBind};
  $host //= $self->{LocalHost};
  return _fail($self, EINVAL, 'bind takes one address; for an array of them there is bindx', -1)
    if ref $host eq 'ARRAY' && Net::SCTP::Address::list($host);
  my ($address) = eval { _local($self, $host) } or return _fail($self, EINVAL, "bind: $@", -1);
  return _failed($self, 'bind to ' . _names($host, $self->{LocalPort}), -1)
    if Net::SCTP::Call::bind($descriptor, $address) < 0;
  _learn_port($self, $descriptor);
  return 0;
}

sub bindx {
  my ($self, $hosts, $flag) = @_;
  my $descriptor = _main($self, 'bindx');
  return -1 if $descriptor < 0;
  $hosts //= $self->{LocalHost};
  $flag  //= SCTP_BINDX_ADD_ADDR();
  return _fail($self, EINVAL, "bindx: the flag is '$flag'; 1 adds addresses, 2 removes them", -1) unless $flag =~ /^[12]$/;
  my @all = eval { _local($self, $hosts) } or return _fail($self, EINVAL, "bindx: $@", -1);
  return _failed($self, ($flag == 1 ? 'bindx to ' : 'bindx to remove ') . _names($hosts, $self->{LocalPort}), -1)
    if Net::SCTP::Call::bindx($descriptor, join('', @all), $flag) < 0;
  _learn_port($self, $descriptor);
  return 0;
}
*sctp_bindx = \&bindx;

sub connect {
  my ($self, $host) = @_;
  $host //= $self->{PeerHost};
  return $self->sctp_connectx($host) if ref $host eq 'ARRAY';
  my $descriptor = _main($self, 'connect');
  return -1 if $descriptor < 0;
  my ($address) = eval { _packed($self, $host, 'PeerHost', 'PeerPort') };
  return _fail($self, EINVAL, "connect: $@", -1) if $@;
  return _fail($self, EDESTADDRREQ, 'connect: PeerHost is empty', -1) unless defined $address;
  my $outcome = Net::SCTP::Call::connect($descriptor, $address);
  return _failed($self, 'connect to ' . _names($host, $self->{PeerPort}), -1) if $outcome < 0;
  $self->{PeerHost} = $host;
  $self->{_AssocID} = _association_of($self, $descriptor, $address);
  _learn_port($self, $descriptor);
  return 0;
}

sub sctp_connectx {
  my ($self, @arguments) = @_;
  my $descriptor = _main($self, 'sctp_connectx');
  return -1 if $descriptor < 0;
  my ($hosts) = grep { ref } @arguments;
  $hosts //= $self->{PeerHost};
  my @all = eval { _packed($self, $hosts, 'PeerHost', 'PeerPort') };
  return _fail($self, EINVAL, "sctp_connectx: $@", -1) if $@;
  return _fail($self, EDESTADDRREQ, 'sctp_connectx: PeerHost is empty', -1) unless @all;
  my ($outcome, $id) = Net::SCTP::Call::connectx($descriptor, join '', @all);
  $self->{_AssocID} = $id if $id;
  return _failed($self, 'sctp_connectx to ' . _names($hosts, $self->{PeerPort}), -1) if $outcome < 0;
  $self->{PeerHost} = $hosts;
  _learn_port($self, $descriptor);
  return 0;
}
*connectx = \&sctp_connectx;

# The id of the association with this address, or of the only one of a one-to-one socket.
sub _association_of {
  my ($self, $descriptor, $address) = @_;
  my $errno  = $! + 0;
  my $asked  = pack 'l a128 x20', 0, $address // '';
  my $answer = Net::SCTP::Call::getsockopt($descriptor, IPPROTO_SCTP(), SCTP_GET_PEER_ADDR_INFO(), $asked);
  $! = $errno;
  return defined $answer ? unpack 'l', $answer : undef;
}

sub listen {
  my ($self) = @_;
  my $descriptor = _main($self, 'listen');
  return -1 if $descriptor < 0;
  my $backlog = $self->{Listen} // 0;
  return _fail($self, EINVAL, "listen: Listen is '$backlog': it must be a number", -1) unless $backlog =~ /^[0-9]{1,9}$/;
  return _failed($self, 'listen', -1) if Net::SCTP::Call::listen($descriptor, $backlog) < 0;
  _learn_port($self, $descriptor);
  return 0;
}

sub accept {
  my ($self) = @_;
  my $descriptor = _main($self, 'accept');
  return -1 if $descriptor < 0;
  my ($accepted, $from) = Net::SCTP::Call::accept($descriptor);
  return _failed($self, 'accept', -1) if $accepted < 0;
  _forget_ended($self);
  $self->{DestSocket} = _own($self, $accepted);
  $self->{_Accepted}{$accepted} = 1;
  _remember_peer($self, $from);
  $self->{_AssocID} = _association_of($self, $accepted, $from);
  return $accepted;
}

# A server that only accepts, answers and accepts again never closes. Accepted descriptors whose association has ended
# are closed for it, all at once when there are twice as many as were left the last time.
sub _forget_ended {
  my ($self) = @_;
  my $accepted = $self->{_Accepted} //= {};
  return if keys %$accepted < ($self->{_Sweep} //= 16);
  for my $descriptor (keys %$accepted) {
    if (($owner{$descriptor} // 0) != Scalar::Util::refaddr($self)) {    # closed by another object
      delete $accepted->{$descriptor};
      next;
    }
    my ($byte) = Net::SCTP::Call::receive($descriptor, 1, MSG_PEEK() | MSG_DONTWAIT());
    my $lives = defined $byte ? length $byte : $!{EAGAIN};
    _release($self, $descriptor) unless $lives;
  }
  $self->{_Sweep} = 2 * keys(%$accepted) + 16;
  return;
}

sub close {
  my ($self) = @_;
  my $key = defined $self->{DestSocket} ? 'DestSocket' : 'Socket';
  my $descriptor = _usable($self, 'close', $key);
  $self->{$key} = undef;
  return -1 if $descriptor < 0;
  if ($key eq 'Socket' && defined $self->{_Picked}) {    # the next socket gets a port of its own again
    $self->{LocalPort} = 0 if $self->{LocalPort} == $self->{_Picked};
    delete $self->{_Picked};
  }
  return _failed($self, 'close', -1) if _release($self, $descriptor) < 0;
  return 0;
}

sub _release {
  my ($self, $descriptor) = @_;
  delete $owner{$descriptor};
  delete $self->{_Accepted}{$descriptor};
  return Net::SCTP::Call::close($descriptor, delete $self->{_Made}{$descriptor} ? 1 : 0);
}

my %ways = (SHUT_RD => 0, SHUT_WR => 1, SHUT_RDWR => 2, 0 => 0, 1 => 0, 2 => 1, 3 => 2);

sub shutdown {
  my ($self, $how) = @_;
  my $descriptor = _current($self, 'shutdown');
  return -1 if $descriptor < 0;
  $how //= 'SHUT_RDWR';
  my $way = $ways{$how};
  return _fail($self, EINVAL, "shutdown: '$how' is none of 1, 2, 3, SHUT_RD, SHUT_WR, SHUT_RDWR", -1) unless defined $way;
  return _failed($self, 'shutdown', -1) if Net::SCTP::Call::shutdown($descriptor, $way) < 0;
  return 0;
}

sub start_server {
  my ($self) = @_;
  $self->{_Error} = '';
  return 0 if !defined $self->{Socket} && $self->socket < 0;
  if (!$self->{AutoBind}) {
    return 0 if (ref $self->{LocalHost} eq 'ARRAY' ? $self->bindx : $self->bind) < 0;
  }
  return $self->listen == 0;
}

sub start_client {
  my ($self) = @_;
  $self->{_Error} = '';
  return 0 if !defined $self->{Socket} && $self->socket < 0;
  if (!$self->{AutoBind} && (Net::SCTP::Address::list($self->{LocalHost}) || $self->{LocalPort})) {
    return 0 if (ref $self->{LocalHost} eq 'ARRAY' ? $self->bindx : $self->bind) < 0;
  }
  return (ref $self->{PeerHost} eq 'ARRAY' ? $self->sctp_connectx : $self->connect) == 0;
}

sub sctp_peeloff {
  my ($self, $id) = @_;
  my $descriptor = _main($self, 'sctp_peeloff');
  return undef if $descriptor < 0;
  $id //= $self->{_AssocID} // return _fail($self, EINVAL, 'sctp_peeloff: which association? There was none yet', undef);
  return _fail($self, EINVAL, "sctp_peeloff: '$id' is no association's id", undef) unless $id =~ /^[0-9]+$/;
  my $fresh = Net::SCTP::Call::peeloff($descriptor, $id);
  return _failed($self, "sctp_peeloff of association $id", undef) if $fresh < 0;
  my %same   = map { $_ => $self->{$_} } grep { !/^_|Socket$/ } keys %$self;
  my $branch = (ref $self)->new({ %same, OneToMany => 0 });
  $branch->{Socket}   = _own($branch, $fresh);
  $branch->{_AssocID} = $id + 0;
  _remember_peer($branch, Net::SCTP::Call::getpeername($fresh));
  return $branch;
}

# --- addresses

sub _address_list {
  my ($self, $call, $function, $id) = @_;
  my $descriptor = _current($self, $call);
  return if $descriptor < 0;
  return _fail($self, EINVAL, "$call: '$id' is no association's id") unless $id =~ /^[0-9]+$/;
  my ($count, @packed) = $function->($descriptor, $id);
  return _failed($self, $call) if $count < 0;
  return map { Net::SCTP::Address::host($_) } @packed;
}

sub sctp_getpadders {
  my ($self, $id) = @_;
  my @hosts = _address_list($self, 'sctp_getpaddrs', \&Net::SCTP::Call::getpaddrs, $id // $self->{_AssocID} // 0);
  return @hosts;
}
*sctp_getpaddrs = \&sctp_getpadders;

sub sctp_getladders {
  my ($self, $id) = @_;
  my @hosts = _address_list($self, 'sctp_getladdrs', \&Net::SCTP::Call::getladdrs, $id // $self->{_AssocID} // 0);
  return @hosts;
}
*sctp_getladdrs = \&sctp_getladders;

sub _name {
  my ($self, $call, $function) = @_;
  my $descriptor = _current($self, $call);
  return if $descriptor < 0;
  my $name = $function->($descriptor) // return _failed($self, $call);
  return (Net::SCTP::Address::host($name), length $name);
}
sub getpeername { my ($self) = @_; my @name = _name($self, 'getpeername', \&Net::SCTP::Call::getpeername); return @name }
sub getsockname { my ($self) = @_; my @name = _name($self, 'getsockname', \&Net::SCTP::Call::getsockname); return @name }

# --- receiving

my $unsigned = qr/^[0-9]{1,10}$/;
my $signed   = qr/^-?[0-9]{1,10}$/;

# Who a message came from. The packed form is kept: the answer mostly goes there.
sub _remember_peer {
  my ($self, $from) = @_;
  return unless defined $from && length $from;
  my $known = $self->{_From};
  if (!$known || $known->[0] ne $from) {
    my ($host, $port) = Net::SCTP::Address::unpack_address($from, $self->{LegacyPorts}) or return;
    $self->{_From} = $known = [$from, $host, $port];
  }
  @$self{qw(PeerHost PeerPort)} = @$known[1, 2];
  return;
}

# Whether it is a whole number that fits an int; else why not is said.
sub _is_number {
  my ($self, $call, $what, $value, $pattern) = @_;
  return 1 if !ref $value && $value =~ $pattern && abs $value < 2**31;
  return _fail($self, EINVAL, "$call: the $what '$value': they must be a number", 0) if $what =~ /are$/;
  return _fail($self, EINVAL, "$call: the $what '$value': it must be a number" . ($pattern eq $unsigned ? ' from 0 on' : ''), 0);
}

# One message: (bytes, from), or an empty list for a failure.
sub _receive {
  my ($self, $call, $size, $flags) = @_;
  my $descriptor = _current($self, $call);
  return if $descriptor < 0;
  $size  //= 4096;
  $flags //= 0;
  return _fail($self, EINVAL, "$call: the size is '$size': it must be a number from 1 on")
    unless $size =~ /^[0-9]{1,10}$/ && $size > 0 && $size < 2**31;
  return unless _is_number($self, $call, 'flags are', $flags, $unsigned);
  my ($message, $from, $came, $info, $next) = Net::SCTP::Call::receive($descriptor, $size, $flags)
    or return _failed($self, $call);
  $self->{_AssocID} = unpack 'l', substr $info, -4 if defined $info;
  $self->{_Received} = [$came, $info, $next, $message];
  _remember_peer($self, $from);
  return ($message, $from);
}

sub sctp_recvmsg {
  my ($self, $size, $flags) = @_;
  my ($message) = _receive($self, 'sctp_recvmsg', $size, $flags) or return (undef, -1);
  return ($message, length $message);
}

# In numbers and names of our own, of struct sctp_rcvinfo and struct sctp_nxtinfo.
sub _received_info {
  my ($bytes) = @_;
  my %info;
  @info{qw(stream ssn flags ppid tsn cumtsn context assoc_id)} = unpack 'S S S x2 N L L L l', $bytes if defined $bytes;
  return \%info;
}

sub get_RecvInfo {
  my ($self) = @_;
  my ($came, $bytes, undef, $message) = @{ $self->{_Received} // return {} };
  my $notification = $came & MSG_NOTIFICATION();
  return {
    %{ _received_info($bytes) },
    end_of_record => $came & MSG_EOR() ? 1 : 0,
    notification  => $notification ? Net::SCTP::Notification::decode($message) : 0,
  };
}

sub sctp_recvv {
  my ($self, $size, $flags) = @_;
  my ($message) = _receive($self, 'sctp_recvv', $size, $flags) or return (undef, -1);
  my $next = $self->{_Received}[2];
  my %next;
  @next{qw(stream flags ppid length assoc_id)} = unpack 'S S N L l', $next if defined $next;
  return ($message, length $message, $self->get_RecvInfo, \%next);
}

# --- sending

my %send_flags = (
  unordered => 'SCTP_UNORDERED', eof => 'SCTP_EOF', abort => 'SCTP_ABORT', addr_over => 'SCTP_ADDR_OVER',
  sack_immediately => 'SCTP_SACK_IMMEDIATELY', sendall => 'SCTP_SENDALL',
);
my %send_limits = (
  stream => 65_535, ppid => 4_294_967_295, timetolive => 4_294_967_295, context => 4_294_967_295, assoc_id => 2_147_483_647,
  msg_flags => 2_147_483_647, pr_policy => 65_535, pr_value => 4_294_967_295, auth_keynumber => 65_535,
);
my @simple_keys = (qw(stream ppid flags timetolive context assoc_id addr msg_flags), sort keys %send_flags);
my @vector_keys = (grep({ $_ ne 'timetolive' } @simple_keys), qw(pr_policy pr_value auth_keynumber));

# Checks %info. Dies with a sentence; returns a copy with all numbers there and `flags` a number.
sub _send_info {
  my ($call, $info, @keys) = @_;
  ref $info eq 'HASH' or die "$call: the attributes are a hash reference\n";
  my %all = (flags => 0, map { $_ => 0 } keys %send_limits);
  for my $key (sort keys %$info) {
    grep { $_ eq $key } @keys or die "$call has no attribute $key; it has " . join(', ', @keys) . "\n";
    my $value = $info->{$key} // next;
    if    ($key eq 'flags')       { $all{flags} |= _send_flags($call, $value) }
    elsif ($send_flags{$key})     { $all{flags} |= _send_flags($call, $key) if $value }
    elsif ($key eq 'addr')        { $all{addr} = $value }
    else {
      die "$call: $key is '$value': it must be a number from 0 to $send_limits{$key}\n"
        unless $value =~ /^[0-9]+$/ && $value <= $send_limits{$key};
      $all{$key} = $value;
    }
  }
  return \%all;
}

sub _send_flags {
  my ($call, $flags) = @_;
  my $all = 0;
  for my $flag (map { split /[\s|,]+/ } ref $flags eq 'ARRAY' ? @$flags : ($flags)) {
    my $name = $send_flags{ lc $flag =~ s/^sctp_//ri };
    no strict 'refs';
    if    ($name)                { $all |= &$name() }
    elsif ($flag =~ /^[0-9]+$/)  { $all |= $flag }
    else { die "$call has no flag '$flag'; it has " . join(', ', sort keys %send_flags) . ", and numbers\n" }
  }
  return $all;
}

# Where to: a list of packed addresses to try, undef being the socket's own association, and an association's id.
sub _targets {
  my ($self, $call, $info) = @_;
  my $id = $info ? $info->{assoc_id} : 0;
  return ([Net::SCTP::Address::from_value($info->{addr}, "$call: addr", _context($self))], $id) if $info && $info->{addr};
  return ([undef], $id) if $id || defined $self->{DestSocket} || !$self->{OneToMany};
  my ($host, $port, $known) = @$self{qw(PeerHost PeerPort _From)};
  return ([$known->[0]], 0) if $known && !ref $host && $host eq $known->[1] && $port eq $known->[2];
  # A name is not looked up for each message.
  my $key = ref $host ? undef : join "\0", $host, $port, map { $_ // '' } @$self{qw(IPV6 LegacyPorts)};
  return ([$self->{_To}[1]], 0) if defined $key && $self->{_To} && $self->{_To}[0] eq $key;
  my @all = _packed($self, $host, 'PeerHost', 'PeerPort');
  $self->{_To} = [$key, $all[0]] if defined $key && @all;
  return ([_reachable($self, $call, @all)], 0) if @all;
  return ([undef], $self->{_AssocID}) if $self->{_AssocID};
  die "$call: there is nobody to send to: PeerHost is empty\n";
}

# Of several addresses the one of an association that is there, or the first that one can be set up with. (A message to
# an address without an association is taken at once, whether anybody is there or not.) All of them if none, for the
# call to fail.
sub _reachable {
  my ($self, $call, @all) = @_;
  return @all if @all == 1;
  my $descriptor = _current($self, $call);
  return @all if $descriptor < 0;
  for my $address (@all) {
    return $address if _association_of($self, $descriptor, $address);
  }
  for my $address (@all) {
    return $address if Net::SCTP::Call::connect($descriptor, $address) == 0;
    die "$call: $!\n" unless $!{ECONNREFUSED} || $!{ETIMEDOUT} || $!{ENETUNREACH} || $!{EHOSTUNREACH} || $!{EADDRNOTAVAIL} || $!{EINVAL};
  }
  return @all[0 .. 0];
}

# Sends to the first of the targets that takes it: bytes, or undef and the reason.
sub _send {
  my ($self, $call, $message, $info, $targets, $id) = @_;
  my $descriptor = _current($self, $call);
  return undef if $descriptor < 0;
  # Linux takes the end of the association only without a message: it goes behind it then.
  my $eof = $info && $info->{flags} & SCTP_EOF() && length $message ? SCTP_EOF() : 0;
  my @attributes = $info ? (@$info{qw(stream flags ppid context timetolive)}, $id) : $id ? (0, 0, 0, 0, 0, $id) : ();
  $attributes[1] &= ~SCTP_EOF() if $eof;
  for my $to (@$targets) {
    my ($sent, $used) = Net::SCTP::Call::send($descriptor, $call, $message, $to, $info ? $info->{msg_flags} : 0, @attributes);
    $self->{_AssocID} = $used if $used;
    if ($eof && $sent >= 0) {
      my ($ended) = Net::SCTP::Call::send($descriptor, $call, '', $to, $info->{msg_flags}, 0, $eof, 0, 0, 0, $id || $used);
      $sent = $ended if $ended < 0;
    }
    return $sent if $sent >= 0;
    last if $!{EINTR} || $!{EAGAIN} || $!{EMSGSIZE};
  }
  return _failed($self, $call, undef);
}

# What all that send have in common: checks, then _send. `where` returns targets and an association's id, or dies.
sub _send_checked {
  my ($self, $call, $message, $info, $keys, $where) = @_;
  $self->{_Error} = '';
  return _fail($self, EINVAL, "$call: there is no message", undef) unless defined $message;
  my @targets = eval {
    $info = _send_info($call, $info, @$keys) if defined $info;
    $where->($info);
  } or return _fail($self, EINVAL, $@, undef);
  return _send($self, $call, $message, $info, @targets);
}

sub sctp_sendmsg {
  my ($self, $message, $info) = @_;
  return _send_checked($self, 'sctp_sendmsg', $message, $info, \@simple_keys, sub { _targets($self, 'sctp_sendmsg', @_) }) // -1;
}

sub sctp_send {
  my ($self, $message, $info) = @_;
  return _send_checked($self, 'sctp_send', $message, $info, [grep { $_ ne 'addr' } @simple_keys],
    sub { my ($given) = @_; ([undef], ($given && $given->{assoc_id}) || _own_association($self)) }) // -1;
}

# Where no address is given, the association of the last message or connection; a one-to-one socket has but one.
sub _own_association {
  my ($self) = @_;
  return defined $self->{DestSocket} || !$self->{OneToMany} ? 0 : $self->{_AssocID} // 0;
}

sub sctp_sendx {
  my ($self, $message, $hosts, $info) = @_;
  $hosts //= $self->{PeerHost};
  $info  //= {};    # so that the association's id comes back
  return _send_checked($self, 'sctp_sendx', $message, $info, [grep { $_ ne 'addr' } @simple_keys], sub {
    my ($given) = @_;
    my @all = _packed($self, $hosts, 'PeerHost', 'PeerPort') or die "sctp_sendx: there is nobody to send to\n";
    return ([join '', @all], $given->{assoc_id});
  }) // -1;
}

sub sctp_sendv {
  my ($self, $message, $hosts, $info, $flags) = @_;
  my $descriptor = _current($self, 'sctp_sendv');
  return -1 if $descriptor < 0;
  return -1 unless _is_number($self, 'sctp_sendv', 'flags are', $flags // 0, $unsigned);
  my @parts = ref $message eq 'ARRAY' ? @$message : ($message);
  return _fail($self, EINVAL, 'sctp_sendv: there is no message', -1) if !@parts || grep { !defined } @parts;
  my %given = %{ ref $info eq 'HASH' ? $info : {} };
  my ($all, $to, $id) = eval {
    my $checked = _send_info('sctp_sendv', $info // {}, @vector_keys);
    my @to = defined $hosts ? _packed($self, $hosts, 'PeerHost', 'PeerPort')
      : $checked->{addr} ? @{ (_targets($self, 'sctp_sendv', $checked))[0] } : ();
    ($checked, join('', @to), $checked->{assoc_id} || (@to ? 0 : _own_association($self)));
  } or return _fail($self, EINVAL, $@, -1);
  my $valid = 0;
  $valid |= SCTP_SEND_SNDINFO_VALID()  if $id || grep { exists $given{$_} } qw(stream flags ppid context), keys %send_flags;
  $valid |= SCTP_SEND_PRINFO_VALID()   if grep { exists $given{$_} } qw(pr_policy pr_value);
  $valid |= SCTP_SEND_AUTHINFO_VALID() if exists $given{auth_keynumber};
  my ($sent, $used) = Net::SCTP::Call::sendv($descriptor, \@parts, $to, ($flags // 0) | $all->{msg_flags}, $valid,
    @$all{qw(stream flags ppid context)}, $id, @$all{qw(pr_policy pr_value auth_keynumber)});
  return _failed($self, 'sctp_sendv', -1) if $sent < 0;
  $self->{_AssocID} = $used if $used;
  return $sent;
}

# --- as the functions of Perl: undef for a failure

# To whom: what sctp_sendmsg sends to, unless an address is given.
sub send {
  my ($self, $message, $flags, $to) = @_;
  return $self->sendto($message, $flags, $to) if defined $to;
  return _send_plain($self, 'send', $message, $flags, sub { _targets($self, 'send') });
}

sub sendto {
  my ($self, $message, $flags, $to) = @_;
  return _send_plain($self, 'sendto', $message, $flags, sub {
    die "sendto: there is no address to send to\n" unless defined $to;
    return ([$to], 0) if !ref $to && Net::SCTP::Address::unpack_address($to);    # a packed one, as Perl has it
    return ([Net::SCTP::Address::from_value($to, 'sendto', _context($self))], 0);
  });
}

sub _send_plain {
  my ($self, $call, $message, $flags, $where) = @_;
  $self->{_Error} = '';
  return _fail($self, EINVAL, "$call: there is no message", undef) unless defined $message;
  return undef unless _is_number($self, $call, 'flags are', $flags // 0, $unsigned);
  my $descriptor = _current($self, $call);
  return undef if $descriptor < 0;
  my ($targets, $id) = eval { $where->() } or return _fail($self, EINVAL, $@, undef);
  for my $to (@$targets) {
    my ($sent) = Net::SCTP::Call::send($descriptor, $call, $message, $to, $flags // 0, $id ? (0, 0, 0, 0, 0, $id) : ());
    return $sent if $sent >= 0;
    last if $!{EINTR} || $!{EAGAIN} || $!{EMSGSIZE};
  }
  return _failed($self, $call, undef);
}

sub recv {
  my ($self, undef, $size, $flags) = @_;
  my ($message, $from) = _receive($self, 'recv', $size, $flags) or return undef;
  $_[1] = $message;
  return $from;
}

sub recvfrom {
  my ($self, undef, $size, $flags) = @_;
  my ($message, $from) = _receive($self, 'recvfrom', $size, $flags) or return undef;
  $_[1] = $message;
  return $from;
}

sub read {
  my ($self, undef, $size, $offset) = @_;
  my $before = $_[1] // '';
  $offset //= 0;
  return undef unless _is_number($self, 'read', 'offset is', $offset, $signed);
  $offset += length $before if $offset < 0;
  return _fail($self, EINVAL, 'read: the offset is outside the string', undef) if $offset < 0;
  return 0 if defined $size && $size eq '0';
  my ($message) = _receive($self, 'read', $size, 0) or return undef;
  utf8::downgrade($before, 1) or Carp::croak('Wide character in read');
  $before .= "\0" x ($offset - length $before) if length $before < $offset;
  $_[1] = substr($before, 0, $offset) . $message;
  return length $message;
}

sub write {
  my ($self, $message, $size, $offset) = @_;
  return _fail($self, EINVAL, 'write: there is no message', undef) unless defined $message;
  $offset //= 0;
  return undef unless _is_number($self, 'write', 'offset is', $offset, $signed);
  return undef unless _is_number($self, 'write', 'size is', $size // 0, $unsigned);
  return _fail($self, EINVAL, 'write: the offset is outside the message', undef) if abs $offset > length $message;
  my $part = defined $size ? substr $message, $offset, $size : substr $message, $offset;
  return _send_plain($self, 'write', $part, 0, sub { _targets($self, 'write') });
}

# --- options

sub _option_error { my ($self, $call, $result) = @_; return _fail($self, $@ =~ /there is no option/ ? Errno::ENOPROTOOPT() : EINVAL, "$call: $@", $result) }

# The port that an address in an option has unless it names one.
sub _option_context {
  my ($self, $option) = @_;
  my $key = $option->{name} =~ /BINDX|SET_PEER_PRIMARY/ ? 'LocalPort' : 'PeerPort';
  return _context($self, Net::SCTP::Address::port($self->{$key}, $key));
}

sub setsockopt {
  my ($self, @arguments) = @_;
  my $descriptor = _current($self, 'setsockopt');
  return -1 if $descriptor < 0;
  if (@arguments == 3 && !ref $arguments[0] && $arguments[0] =~ /^[0-9]+$/) {    # as in Perl: level, option, bytes
    my ($level, $number, $value) = @arguments;
    $value = pack 'i', $value if defined $value && $value =~ /^-?[0-9]{1,10}\z/;
    return _failed($self, 'setsockopt', -1) if Net::SCTP::Call::setsockopt($descriptor, $level, $number, $value // '') < 0;
    return 0;
  }
  my %wanted;
  while (@arguments) {
    my $next = shift @arguments;
    if    (ref $next eq 'HASH')           { %wanted = (%wanted, %$next) }
    elsif (defined $next && !ref $next && @arguments) { $wanted{$next} = shift @arguments }
    else  { return _fail($self, EINVAL, 'setsockopt takes a hash of options', -1) }
  }
  # All are looked at before the first is set.
  my @steps = eval {
    map { { option => $_->[0], value => $_->[1], context => _option_context($self, $_->[0]) } }
      sort { $a->[0]{number} <=> $b->[0]{number} }
      map { [Net::SCTP::Options::option($_), $wanted{$_}] } keys %wanted;
  };
  return _option_error($self, 'setsockopt', -1) if $@;
  for my $step (@steps) {
    eval { Net::SCTP::Options::value(@$step{qw(option value context)}, sub { undef }); 1 } or return _option_error($self, 'setsockopt', -1);
  }
  for my $step (@steps) {
    my ($option, $value, $context) = @$step{qw(option value context)};
    my ($level, $number) = @$option{qw(level number)};
    my $now = sub { Net::SCTP::Call::getsockopt($descriptor, $level, $number, $_[0]) };
    my $bytes   = Net::SCTP::Options::value($option, $value, $context, $now);
    my $outcome = Net::SCTP::Call::setsockopt($descriptor, $level, $number, $bytes);
    return _failed($self, "setsockopt $option->{name}", -1) if $outcome < 0;
    $self->{_AssocID} = $outcome if $outcome > 0 && $option->{name} eq 'SCTP_SOCKOPT_CONNECTX';
    _learn_port($self, $descriptor) if $option->{name} =~ /BINDX|CONNECTX/;
  }
  return 0;
}

sub getsockopt {
  my ($self, @arguments) = @_;
  my $descriptor = _current($self, 'getsockopt');
  return undef if $descriptor < 0;
  if (@arguments == 2 && 2 == grep { defined && !ref && /^[0-9]+$/ } @arguments) {    # as in Perl: level, option
    return Net::SCTP::Call::getsockopt($descriptor, @arguments, "\0" x 256) // _failed($self, 'getsockopt', undef);
  }
  my %wanted;
  for my $argument (@arguments) {
    if    (ref $argument eq 'HASH')  { %wanted = (%wanted, %$argument) }
    elsif (ref $argument eq 'ARRAY') { $wanted{$_} = undef for @$argument }
    else                             { $wanted{ $argument // '' } = undef }
  }
  my %found;
  if (!@arguments) {
    for my $row (grep { $_->[2] =~ /g/ && $_->[2] !~ /a/ } @Net::SCTP::Options::table) {
      my $value = eval { _get_option($self, $descriptor, $row->[0], {}) };
      $found{ $row->[0] } = $value if defined $value;
    }
    return \%found;
  }
  for my $name (sort keys %wanted) {
    my $value = eval { _get_option($self, $descriptor, $name, $wanted{$name}) };
    return _option_error($self, 'getsockopt', undef) if $@;
    return _failed($self, "getsockopt $name", undef) unless defined $value;
    $found{$name} = $value;
  }
  return \%found;
}

# Dies on what is wrong with the question; undef and $! if the call fails.
sub _get_option {
  my ($self, $descriptor, $name, $given) = @_;
  my $option = Net::SCTP::Options::option($name);
  my $asked  = Net::SCTP::Options::question($option, $given, _option_context($self, $option));
  my $bytes  = Net::SCTP::Call::getsockopt($descriptor, @$option{qw(level number)}, $asked) // return undef;
  my $answer = Net::SCTP::Options::answer($option, $bytes);
  _adopt($self, $option, $answer);
  return $answer;
}

# Options that make a descriptor or an association.
sub _adopt {
  my ($self, $option, $answer) = @_;
  if    ($option->{name} eq 'SCTP_SOCKOPT_PEELOFF')       { _own($self, $answer->{sd}) }
  elsif ($option->{name} eq 'SCTP_SOCKOPT_PEELOFF_FLAGS') { _own($self, $answer->{p_arg}{sd}) }
  elsif ($option->{name} eq 'SCTP_SOCKOPT_CONNECTX3')     { $self->{_AssocID} = $answer->{assoc_id} }
  return;
}

sub sctp_opt_info {
  my ($self, $id, $name, $given) = @_;
  my $descriptor = _current($self, 'sctp_opt_info');
  return undef if $descriptor < 0;
  $id //= $self->{_AssocID} // 0;
  return _fail($self, EINVAL, "sctp_opt_info: '$id' is no association's id", undef) unless $id =~ /^[0-9]+$/;
  my ($option, $asked) = eval {
    my $found = Net::SCTP::Options::option($name);
    ($found, Net::SCTP::Options::question($found, $given // {}, _option_context($self, $found)));
  } or return _option_error($self, 'sctp_opt_info', undef);
  my $bytes = $option->{level} == IPPROTO_SCTP() ? Net::SCTP::Call::opt_info($descriptor, $id, $option->{number}, $asked)
    : _fail($self, EOPNOTSUPP, '', undef);
  return _failed($self, "sctp_opt_info $option->{name}", undef) unless defined $bytes;
  my $answer = Net::SCTP::Options::answer($option, $bytes);
  return ref $answer ? $answer : { $option->{name} => $answer };
}

# --- as a filehandle

sub fileno { my ($self) = @_; return $self->{DestSocket} // $self->{Socket} }

# A handle for what wants one: its fileno() is the object's.
sub handle {
  my ($self) = @_;
  return $self->{_Handle} //= do {
    my $glob = Symbol::gensym();
    tie *$glob, 'Net::SCTP::Handle', $self;
    $glob;
  };
}

sub blocking {
  my ($self, @wanted) = @_;
  my $descriptor = _current($self, 'blocking');
  return undef if $descriptor < 0;
  my $was = Net::SCTP::Call::blocking($descriptor, @wanted ? $wanted[0] ? 1 : 0 : ());
  return $was < 0 ? _failed($self, 'blocking', undef) : $was;
}

# --- the end

sub DESTROY {
  my ($self) = @_;
  local ($!, $@, $?);
  my $address = Scalar::Util::refaddr($self);
  for my $descriptor (keys %{ $self->{_Made} // {} }) {
    _release($self, $descriptor) if ($owner{$descriptor} // 0) == $address;
    # Called by hand, the object goes on: the number is anybody's now.
    for my $key (qw(Socket DestSocket)) { $self->{$key} = undef if defined $self->{$key} && $self->{$key} eq $descriptor }
  }
  return;
}

# A new thread gets no copy: two would close the same descriptor.
sub CLONE_SKIP { return 1 }

1;

__END__

=encoding utf8

=head1 NAME

Net::SCTP - SCTP sockets for Perl, on every machine

=head1 SYNOPSIS

A server that answers every message, on port 5556 of all addresses:

  perl -MNet::SCTP -e '$s = Net::SCTP->new({ LocalPort => 5556 }); $s->start_server or die $s->error; while ($s->get_Socket) { ($m, $n) = $s->sctp_recvmsg; print "$n bytes from ", $s->get_PeerHost, ": $m\n"; $s->sctp_sendmsg("I am the Server!!") }'

A client of it:

  perl -MNet::SCTP -e '$c = Net::SCTP->new({ PeerHost => "127.0.0.1", PeerPort => 5556 }); $c->start_client or die $c->error; $c->sctp_sendmsg("I am the Client!!"); print +($c->sctp_recvmsg)[0], "\n"'

Another one, which names stream and payload protocol:

  perl -MNet::SCTP -e '$c = Net::SCTP->new({ PeerHost => "127.0.0.1", PeerPort => 5556, OneToMany => 0 }); $c->start_client or die $c->error; $c->sctp_sendmsg("on stream 3", { stream => 3, ppid => 46 }); print +($c->sctp_recvmsg)[0], " on stream ", $c->get_RecvInfo->{stream}, "\n"'

Which SCTP serves here, and what a socket's options are:

  perl -MNet::SCTP -e 'print Net::SCTP->backend, "\n"'
  perl -MNet::SCTP -e '$s = Net::SCTP->new({}); $s->socket; $o = $s->getsockopt; for (sort keys %$o) { print "$_\n" unless ref $o->{$_} }'

As a script:

  use Net::SCTP qw(:events :flags);

  my $server = Net::SCTP->new({
    LocalHost => ['127.0.0.1', '127.0.0.2'],
    LocalPort => 5556,
    Listen    => 5,
  });
  $server->start_server or die $server->error;
  $server->setsockopt({ SCTP_EVENTS => { sctp_association_event => 1 } });
  while ($server->{Socket}) {
    my ($message, $length) = $server->sctp_recvmsg;
    last if $length < 0;
    my $info = $server->get_RecvInfo;
    if (my $told = $info->{notification}) {
      print "association $told->{sac_assoc_id} is up\n"
        if $told->{type} eq 'SCTP_ASSOC_CHANGE' && $told->{sac_state} == SCTP_COMM_UP;
      next;
    }
    $server->sctp_sendmsg("you said: $message", { stream => $info->{stream}, ppid => $info->{ppid} });
  }

=head1 DESCRIPTION

SCTP (RFC 9260) carries messages whose bounds are kept, on many streams, over several network paths at once. This module
has its sockets, in both styles of RFC 6458: one-to-many, where one socket has many associations, and one-to-one, where
it has one, as TCP.

The sockets are those of libnetsctp: the kernel's SCTP where there is one, and an own stack over UDP port 9899 (RFC 6951)
where there is none. The environment variable C<NETSCTP_BACKEND> (C<auto>, C<kernel>, C<stack>) chooses;
C<NETSCTP_UDP_PORT> is the UDP port. L<netsctp(7)> has more.

Methods and keys are those of the module Net::SCTP 1.02 of CPAN, and scripts written for it run as they are. See
L</DIFFERENCES> for what is better.

=head2 What methods return

A method that has failed returns -1, or undef or an empty list where that is said. C<$!> has the error and error() a
sentence. Nothing is printed, unless C<Debug> is set, and then to STDERR. Where a wrong key, option, field, attribute,
host or port is given, C<$!> is C<EINVAL> (C<ENOPROTOOPT> for an option that is none) and the sentence names it. Only
a message with characters above 255 dies, as in L<syswrite|perlfunc/syswrite>: encode it.

=head1 CONSTRUCTOR

=head2 new(\%arguments)

An object, without a socket yet. undef for a key or a port that is none; C<< Net::SCTP->error >> says which.

=over

=item LocalHost, PeerHost

Addresses: a string, or an array reference of strings. An IPv4 or IPv6 address, or a name that is looked up. An empty
string, undef, and an array without any are: any address (LocalHost), nobody (PeerHost). Default: empty.

=item LocalPort, PeerPort

Ports, 0 to 65535, or a service's name. With LocalPort 0 the system picks one when the socket is bound, and LocalPort is
that then. Default: 0.

=item Listen

The backlog of listen(). Default: 1.

=item OneToMany

True for one-to-many, false for one-to-one. Default: 1.

=item IPV6

Defined: an IPv6 socket, which takes IPv4 too. Default: undef, IPv4 only.

=item AutoBind

True: the address is left to the system; bind() is an error, and start_server() does not bind. Default: undef.

=item Debug

True: calls and errors are told on STDERR. Default: undef.

=item LegacyPorts

True: ports go onto the wire byte-swapped, as by the published module on little-endian machines; for its old peers.
Default: undef.

=item Socket, DestSocket

Descriptors that are there already. The object does not close them by itself. Default: undef.

=back

=head1 METHODS

=head2 get_LocalHost, set_LocalHost, get_LocalPort, set_LocalPort, get_PeerHost, set_PeerHost, get_PeerPort, set_PeerPort, get_OneToMany, set_OneToMany, get_IPV6, set_IPV6, get_AutoBind, set_AutoBind, get_Debug, set_Debug, get_LegacyPorts, set_LegacyPorts

The keys of new(). To set one returns the new value; a port that is none is refused with undef. The keys of the object's
hash, C<< $s->{PeerHost} >>, are the same.

=head2 get_listener, set_listener, get_Listen, set_Listen

The key Listen.

=head2 get_Socket, set_Socket, get_DestSocket, set_DestSocket

The descriptors: the socket itself, and the association that accept() has returned last. Undefined where there is none.
Data, options and names are those of DestSocket if it is defined, else of Socket; bind, connect, listen and accept are
those of Socket.

=head2 get_AssocID

The id of the association that was set up, accepted, sent to or received from last, or undef.

=head2 get_RecvInfo

What came with the last message, as a hash reference:

=over

=item stream, ssn, ppid, flags, tsn, cumtsn, context, assoc_id

As in struct sctp_rcvinfo (RFC 6458, 5.3.5). C<ppid> is a number as the standards print it, 46 for Diameter: it is put
into network order on its way.

=item end_of_record

1 if this was the message's last piece, else 0.

=item notification

0 for a message. For a notification, a hash reference: C<type>, the name of the notification, and the fields of its
struct by their names in F<linux/sctp.h>.

=back

=head2 socket()

Makes the socket, one-to-many or one-to-one, and returns its descriptor; -1. The descriptor is never 0.

=head2 bind([$host])

Binds to one address, by default LocalHost. 0 or -1. For an array of addresses there is bindx().

=head2 bindx([\@hosts [, $flag]]), sctp_bindx

Binds to several addresses, by default LocalHost. Flag 1 (SCTP_BINDX_ADD_ADDR, the default) adds them, 2
(SCTP_BINDX_REM_ADDR) removes them. 0 or -1.

=head2 connect([$host])

Sets up an association, by default with PeerHost; waits until it is up. Several times on a one-to-many socket, for
several peers. With an array it is sctp_connectx(). 0 or -1.

=head2 sctp_connectx([\@hosts]), connectx

The same with a peer of several addresses. Also takes C<($id, \@hosts)>, where C<$id> is ignored: get_AssocID() has the
association's id. 0 or -1.

=head2 listen()

Takes associations from now on, with Listen as the backlog. 0 or -1.

=head2 accept()

One-to-one: waits for the next association. Its descriptor is returned, and is DestSocket from now on. -1.
Descriptors that accept() has returned and whose association has ended are closed from time to time.

=head2 start_server()

socket() unless there is one, bind() or bindx(), listen(). True or false.

=head2 start_client()

socket() unless there is one, bind() or bindx() if LocalHost or LocalPort is given, connect() or sctp_connectx(). True
or false.

=head2 sctp_recvmsg([$size [, $flags]])

Waits for a message: C<($message, $length)>. Of a longer message than $size (default 4096) the first $size bytes, the
next ones with the next call; get_RecvInfo() says when it is through. PeerHost and PeerPort become the sender's.
C<('', 0)> when a one-to-one association has ended, C<(undef, -1)> for a failure. In scalar context the length.
Flags: MSG_PEEK, MSG_DONTWAIT.

=head2 sctp_sendmsg($message [, \%info])

Sends a message: on DestSocket if it is defined, else on a one-to-one socket, else to the association with PeerHost and
PeerPort, which is set up if there is none. Of an array PeerHost, an address with an association is taken, or else the
first that an association can be set up with. Bytes, or -1. %info may have:

=over

=item stream, ppid, context, timetolive

Numbers; timetolive is in milliseconds.

=item flags

A number, a name, or an array of names: C<unordered>, C<eof> (ends the association gracefully after it), C<abort>,
C<addr_over>, C<sack_immediately>, C<sendall>. Each is also a key: C<< unordered => 1 >>. On one-to-one sockets the
kernel takes neither C<eof> nor C<abort>.

=item assoc_id

The association.

=item addr

The address: C<'host'>, C<'host:port'>, C<'[host]:port'>, C<[host, port]>; without a port it is PeerPort.

=item msg_flags

Flags of the call, as MSG_DONTWAIT.

=back

Without %info, the socket's defaults hold (SCTP_DEFAULT_SNDINFO). The signal SIGPIPE is never raised.

=head2 close()

Closes DestSocket if it is defined, else Socket; it is undef then. 0 or -1. An object closes all it has made when it
goes.

=head2 shutdown([$how])

One-to-one: 1, 2, 3 or SHUT_RD, SHUT_WR, SHUT_RDWR (the default). 0 or -1. One-to-many sockets end an association by
sending with C<< flags => 'eof' >>.
The numbers are this module's own; L<Socket>'s constants are one less.

=head2 sctp_peeloff([$assoc_id])

Takes an association, by default the last one, out of a one-to-many socket: a new object with a one-to-one socket of its
own, or undef.

=head2 sctp_getpadders([$assoc_id]), sctp_getpaddrs

The peer's addresses, as a list of strings. By default of the last association.

=head2 sctp_getladders([$assoc_id]), sctp_getladdrs

The local addresses: of the association, or with 0 those that the socket is bound to.

=head2 getpeername(), getsockname()

C<($ip, $length)>, the length being that of the address as a struct: 16 or 28. An empty list for a failure. Of
one-to-one sockets.

=head2 setsockopt(\%options)

Sets options, by names: C<< { SCTP_EVENTS => { sctp_data_io_event => 1 }, SCTP_NODELAY => 1 } >>. Fields that are not
named stay as they are. An option that is a number takes a number, and so does one whose struct has but one field besides
the association. For one association, name it by C<assoc_id> or by the struct's own field. All names are looked at before
the first option is set. 0 or -1. Also C<(\%options, %more)>, C<(%options)> and, as in Perl, C<($level, $option, $bytes)>.

=head2 getsockopt([\%options | @names])

The same shape, read: a hash reference, or undef. In the hash, each option's value may be a hash of what to ask with: the
association, an address. Without arguments every option that can be read now. C<($level, $option)> returns bytes, as in
Perl.

=head2 sctp_opt_info($assoc_id, $option [, \%in])

One option of one association: a hash reference of its fields, or undef.

=head2 send($message [, $flags [, $to]]), sendto($message, $flags, $to)

As L<perlfunc/send>: bytes, or undef. Without an address send() goes to where sctp_sendmsg() does. $to is a packed
address (L<Socket>), C<'host:port'> or C<[host, port]>.

=head2 recv($buffer, $size [, $flags]), recvfrom

As L<perlfunc/recv>: the sender's packed address, or undef; the message is in $buffer.

=head2 read($buffer, $size [, $offset]), write($message [, $size [, $offset]])

As L<perlfunc/sysread> and L<perlfunc/syswrite>: bytes, 0 at the end, undef for a failure.

=head2 sctp_send($message [, \%info])

RFC 6458, 9.10: to the last association, or C<assoc_id>. Bytes or -1.

=head2 sctp_sendx($message [, \@hosts [, \%info]])

RFC 6458, 9.11: sets up an association with a peer of these addresses, by default PeerHost, if there is none. Bytes
or -1.

=head2 sctp_sendv($message | \@parts [, \@hosts [, \%info [, $flags]]])

RFC 6458, 9.12: a message of several parts. %info may also have C<pr_policy> (SCTP_PR_SCTP_TTL, ...), C<pr_value> and
C<auth_keynumber>, but no C<timetolive>. Bytes or -1.

=head2 sctp_recvv([$size [, $flags]])

RFC 6458, 9.13: C<($message, $length, \%info, \%next)>. %info is what get_RecvInfo() returns; %next has C<stream>,
C<flags>, C<ppid>, C<length> and C<assoc_id> of the next message if it has come and SCTP_RECVNXTINFO is on, else nothing.
C<(undef, -1)> for a failure.

=head2 error()

The sentence about what went wrong in the last call, or an empty string. C<< Net::SCTP->error >> is that of new().

=head2 backend()

C<kernel> or C<stack>: which SCTP serves. undef if the environment asks for what cannot be had.

=head2 blocking([$wanted])

Whether calls on the current descriptor wait (they do); with an argument sets that, and returns what was.

=head2 fileno(), handle()

The current descriptor, and a filehandle that has it. The object itself is good as a filehandle for C<fileno>,
L<IO::Select>, L<IO::Poll>, C<sysread>, C<syswrite> and C<close>. Descriptors are readable when there is something to
receive or to accept, and writable when there is room to send.

=head1 OPTIONS

With their fields. Payload protocol identifiers and UDP ports are plain numbers, addresses strings (C<'host'>, and
C<'host:port'> to set them), lists are arrays. What an option does: F<docs/socket-options.md> and RFC 6458.

=over

=item SCTP_RTOINFO

srto_assoc_id, srto_initial, srto_max, srto_min

=item SCTP_ASSOCINFO

sasoc_assoc_id, sasoc_asocmaxrxt, sasoc_number_peer_destinations, sasoc_peer_rwnd, sasoc_local_rwnd, sasoc_cookie_life

=item SCTP_INITMSG

sinit_num_ostreams, sinit_max_instreams, sinit_max_attempts, sinit_max_init_timeo

=item SCTP_NODELAY

a number

=item SCTP_AUTOCLOSE

a number

=item SCTP_SET_PEER_PRIMARY_ADDR

sspp_assoc_id, sspp_addr (set only)

=item SCTP_PRIMARY_ADDR

ssp_assoc_id, ssp_addr

=item SCTP_ADAPTATION_LAYER

ssb_adaptation_ind

=item SCTP_DISABLE_FRAGMENTS

a number

=item SCTP_PEER_ADDR_PARAMS

spp_assoc_id, spp_address, spp_hbinterval, spp_pathmaxrxt, spp_pathmtu, spp_sackdelay, spp_flags, spp_ipv6_flowlabel, spp_dscp

=item SCTP_DEFAULT_SEND_PARAM

sinfo_stream, sinfo_ssn, sinfo_flags, sinfo_ppid, sinfo_context, sinfo_timetolive, sinfo_tsn, sinfo_cumtsn, sinfo_assoc_id

=item SCTP_EVENTS

sctp_data_io_event, sctp_association_event, sctp_address_event, sctp_send_failure_event, sctp_peer_error_event, sctp_shutdown_event, sctp_partial_delivery_event, sctp_adaptation_layer_event, sctp_authentication_event, sctp_sender_dry_event, sctp_stream_reset_event, sctp_assoc_reset_event, sctp_stream_change_event, sctp_send_failure_event_event

=item SCTP_I_WANT_MAPPED_V4_ADDR

a number

=item SCTP_MAXSEG

assoc_id, assoc_value

=item SCTP_STATUS

sstat_assoc_id, sstat_state, sstat_rwnd, sstat_unackdata, sstat_penddata, sstat_instrms, sstat_outstrms, sstat_fragmentation_point, sstat_primary (read only)

=item SCTP_GET_PEER_ADDR_INFO

spinfo_assoc_id, spinfo_address, spinfo_state, spinfo_cwnd, spinfo_srtt, spinfo_rto, spinfo_mtu (read only)

=item SCTP_DELAYED_SACK

sack_assoc_id, sack_delay, sack_freq

=item SCTP_CONTEXT

assoc_id, assoc_value

=item SCTP_FRAGMENT_INTERLEAVE

a number

=item SCTP_PARTIAL_DELIVERY_POINT

a number

=item SCTP_MAX_BURST

assoc_id, assoc_value

=item SCTP_AUTH_CHUNK

sauth_chunk (set only)

=item SCTP_HMAC_IDENT

shmac_num_idents, shmac_idents

=item SCTP_AUTH_KEY

sca_assoc_id, sca_keynumber, sca_keylength, sca_key (set only)

=item SCTP_AUTH_ACTIVE_KEY

scact_assoc_id, scact_keynumber

=item SCTP_AUTH_DELETE_KEY

scact_assoc_id, scact_keynumber (set only)

=item SCTP_PEER_AUTH_CHUNKS

gauth_assoc_id, gauth_number_of_chunks, gauth_chunks (read only)

=item SCTP_LOCAL_AUTH_CHUNKS

gauth_assoc_id, gauth_number_of_chunks, gauth_chunks (read only)

=item SCTP_GET_ASSOC_NUMBER

a number (read only)

=item SCTP_GET_ASSOC_ID_LIST

gaids_number_of_ids, gaids_assoc_id (read only)

=item SCTP_AUTO_ASCONF

a number

=item SCTP_PEER_ADDR_THLDS

spt_assoc_id, spt_address, spt_pathmaxrxt, spt_pathpfthld

=item SCTP_RECVRCVINFO

a number

=item SCTP_RECVNXTINFO

a number

=item SCTP_DEFAULT_SNDINFO

snd_sid, snd_flags, snd_ppid, snd_context, snd_assoc_id

=item SCTP_AUTH_DEACTIVATE_KEY

scact_assoc_id, scact_keynumber (set only)

=item SCTP_REUSE_PORT

a number

=item SCTP_PEER_ADDR_THLDS_V2

spt_assoc_id, spt_address, spt_pathmaxrxt, spt_pathpfthld, spt_pathcpthld

=item SCTP_SOCKOPT_BINDX_ADD

an array of hosts (set only)

=item SCTP_SOCKOPT_BINDX_REM

an array of hosts (set only)

=item SCTP_SOCKOPT_PEELOFF

associd, sd (read only, and only when it is named)

=item SCTP_SOCKOPT_CONNECTX_OLD

an array of hosts (set only)

=item SCTP_GET_PEER_ADDRS

assoc_id, addr_num, addrs (read only)

=item SCTP_GET_LOCAL_ADDRS

assoc_id, addr_num, addrs (read only)

=item SCTP_SOCKOPT_CONNECTX

an array of hosts (set only)

=item SCTP_SOCKOPT_CONNECTX3

assoc_id, addr_num, addrs (read only, and only when it is named)

=item SCTP_GET_ASSOC_STATS

sas_assoc_id, sas_obs_rto_ipaddr, sas_maxrto, sas_isacks, sas_osacks, sas_opackets, sas_ipackets, sas_rtxchunks, sas_outofseqtsns, sas_idupchunks, sas_gapcnt, sas_ouodchunks, sas_iuodchunks, sas_oodchunks, sas_iodchunks, sas_octrlchunks, sas_ictrlchunks (read only)

=item SCTP_PR_SUPPORTED

assoc_id, assoc_value

=item SCTP_DEFAULT_PRINFO

pr_assoc_id, pr_value, pr_policy

=item SCTP_PR_ASSOC_STATUS

sprstat_assoc_id, sprstat_sid, sprstat_policy, sprstat_abandoned_unsent, sprstat_abandoned_sent (read only)

=item SCTP_PR_STREAM_STATUS

sprstat_assoc_id, sprstat_sid, sprstat_policy, sprstat_abandoned_unsent, sprstat_abandoned_sent (read only)

=item SCTP_RECONFIG_SUPPORTED

assoc_id, assoc_value

=item SCTP_ENABLE_STREAM_RESET

assoc_id, assoc_value

=item SCTP_RESET_STREAMS

srs_assoc_id, srs_flags, srs_number_streams, srs_stream_list (set only)

=item SCTP_RESET_ASSOC

a number (set only)

=item SCTP_ADD_STREAMS

sas_assoc_id, sas_instrms, sas_outstrms (set only)

=item SCTP_SOCKOPT_PEELOFF_FLAGS

p_arg, flags (read only, and only when it is named)

=item SCTP_STREAM_SCHEDULER

assoc_id, assoc_value

=item SCTP_STREAM_SCHEDULER_VALUE

assoc_id, stream_id, stream_value

=item SCTP_INTERLEAVING_SUPPORTED

assoc_id, assoc_value

=item SCTP_EVENT

se_assoc_id, se_type, se_on

=item SCTP_ASCONF_SUPPORTED

assoc_id, assoc_value

=item SCTP_AUTH_SUPPORTED

assoc_id, assoc_value

=item SCTP_ECN_SUPPORTED

assoc_id, assoc_value

=item SCTP_EXPOSE_POTENTIALLY_FAILED_STATE

assoc_id, assoc_value

=item SCTP_REMOTE_UDP_ENCAPS_PORT

sue_assoc_id, sue_address, sue_port

=item SCTP_PLPMTUD_PROBE_INTERVAL

spi_assoc_id, spi_address, spi_interval

=item SO_SNDBUF

a number

=item SO_RCVBUF

a number

=item SO_LINGER

l_onoff, l_linger

=item SO_SNDTIMEO

tv_sec, tv_usec

=item SO_RCVTIMEO

tv_sec, tv_usec

=item SO_REUSEADDR

a number

=item SO_ERROR

a number (read only, and only when it is named)

=item SO_TYPE

a number (read only)

=item SO_PROTOCOL

a number (read only)

=item SO_DOMAIN

a number (read only)

=item SO_ACCEPTCONN

a number (read only)

=item IPV6_V6ONLY

a number

=back

=head1 CONSTANTS

All that F<linux/sctp.h> has, exported on demand: C<:events> (notifications and what is in them), C<:flags> (of messages,
calls and fields), C<:states> (of associations and paths), C<:options> (numbers of options), C<:all>.

=head1 SIGNALS, PROCESSES, THREADS

A signal that is caught ends a call that waits: it fails with C<EINTR> after the handler has run, as L<perlfunc/sysread>
does. A handler that dies gets out of it, so that C<alarm> works as usual.

After C<fork> the parent's sockets stay the parent's: with the own stack, in the child they are hung up and each call
fails (C<ENOTSOCK>); objects that go in the child change nothing for the parent. The child makes sockets of its own.
With the kernel's SCTP both have them. C<exec> closes them.

Objects are not copied into new threads. Each thread may make its own.

=head1 DIFFERENCES

From the module Net::SCTP 1.02 of CPAN, whose interface this is:

=over

=item *

Ports are in network order on the wire (LegacyPorts has the old way). IPv6, NUL bytes, send(), recv() and their like,
getsockopt(), sctp_opt_info(), sctp_peeloff(), sctp_send() and its like work.

=item *

Errors are returned, not printed.

=item *

Objects close their sockets when they go.

=back

=head1 SEE ALSO

L<netsctp(7)>, L<IO::Select>, L<Socket>; RFC 9260 (SCTP), RFC 6458 (its sockets), RFC 6951 (SCTP over UDP).

=head1 COPYRIGHT AND LICENSE

The netsctp authors. Apache License 2.0.

=cut
