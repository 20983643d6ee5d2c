# Net::SCTP: SCTP sockets as objects. The calls are those of <netsctp.h> (SCTP.xs); addresses, options and structs are
# turned into bytes by the modules in Net/SCTP/, which also has the methods about options (OptionCalls) and those that are
# Perl's own functions (PerlCalls). The manual is SCTP.pod.
package Net::SCTP;
use 5.036;
use strict;
use warnings;
no warnings 'ambiguous';
use Carp ();
use Errno qw(EADDRNOTAVAIL EBADF EDESTADDRREQ EINVAL);
use Scalar::Util ();
use Socket ();
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
use Net::SCTP::OptionCalls;
use Net::SCTP::PerlCalls;
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

# Whether it is a whole number, from `least` (0) on, that a C int holds.
sub _fits {
  my ($value, $least) = @_;
  return defined $value && "$value" =~ /^-?[0-9]{1,10}\z/ && $value >= ($least // 0) && $value < 2**31;
}

sub _usable {
  my ($self, $call, $key) = @_;
  $self->{_Error} = '';
  my $descriptor = $self->{$key};
  return _fail($self, EBADF, "$call: there is no socket; socket() makes one", -1) unless defined $descriptor;
  return _fail($self, EBADF, "$call: $key is '$descriptor', which is no descriptor", -1) unless _fits($descriptor);
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
  return _fail($self, EINVAL, "sctp_peeloff: '$id' is no association's id", undef) unless _fits($id);
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
  return _fail($self, EINVAL, "$call: '$id' is no association's id") unless _fits($id);
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
  my ($self, $call, $what, $value, $least) = @_;
  return 1 if _fits($value, $least);
  return _fail($self, EINVAL, "$call: the $what '$value': they must be a number", 0) if $what =~ /are$/;
  return _fail($self, EINVAL, "$call: the $what '$value': it must be a number" . ($least ? '' : ' from 0 on'), 0);
}

# One message: (bytes, from), or an empty list for a failure.
sub _receive {
  my ($self, $call, $size, $flags) = @_;
  my $descriptor = _current($self, $call);
  return if $descriptor < 0;
  $size  //= 4096;
  $flags //= 0;
  return _fail($self, EINVAL, "$call: the size is '$size': it must be a number from 1 on")
    unless _fits($size, 1);
  return unless _is_number($self, $call, 'flags are', $flags, 0);
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
        unless $value =~ /^[0-9]+\z/ && $value <= $send_limits{$key};
      $all{$key} = $value;
    }
  }
  return \%all;
}

sub _send_flags {
  my ($call, $flags) = @_;
  my $all = 0;
  for my $flag (map { split /[\s|,]+/, $_ // 'undef' } ref $flags eq 'ARRAY' ? @$flags : ($flags)) {
    my $name = $send_flags{ lc $flag =~ s/^sctp_//ri };
    no strict 'refs';
    if    ($name) { $all |= &$name() }
    elsif (_fits($flag) && $flag <= 65_535) { $all |= $flag }
    else { die "$call has no flag '$flag'; it has " . join(', ', sort keys %send_flags) . ", and numbers of 16 bits\n" }
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
  return -1 unless _is_number($self, 'sctp_sendv', 'flags are', $flags // 0, 0);
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

# --- the end

sub DESTROY {
  my ($self) = @_;
  local ($!, $@, $?);
  my $address = Scalar::Util::refaddr($self);
  for my $descriptor (keys %{ $self->{_Made} // {} }) {
    _release($self, $descriptor) if ($owner{$descriptor} // 0) == $address;
    # Called by hand, the object goes on: the number is anybody's now.
    for my $key (qw(Socket DestSocket)) {
      $self->{$key} = undef if !ref $self->{$key} && _fits($self->{$key}) && $self->{$key} == $descriptor;
    }
  }
  return;
}

# A new thread gets no copy: two would close the same descriptor.
sub CLONE_SKIP { return 1 }

1;

