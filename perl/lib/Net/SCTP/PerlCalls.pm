# The methods of Net::SCTP that are Perl's own functions, on the current descriptor: send, recv, sendto, recvfrom, read,
# write; and what makes an object a filehandle. A failure is undef.
package Net::SCTP;
use strict;
use warnings;
no warnings 'ambiguous';
use Carp ();
use Errno qw(EINVAL);
use Scalar::Util ();
use Symbol ();
use Net::SCTP::Address;
use Net::SCTP::Handle;

my $least = -(2**31);

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
  return undef unless _is_number($self, $call, 'flags are', $flags // 0, 0);
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

# What a buffer must be is looked at before a message is taken out for it. Dies of one that cannot be written to, in the
# words and at the line that Perl's own functions do.
sub _is_buffer {
  my ($self, $call, $arguments) = @_;
  return _fail($self, EINVAL, "$call: there is no buffer", 0) if @$arguments < 2;
  Carp::croak('Modification of a read-only value attempted') if Scalar::Util::readonly($arguments->[1]);
  return 1;
}

sub recv {
  my ($self, undef, $size, $flags) = @_;
  return undef unless _is_buffer($self, 'recv', \@_);
  my ($message, $from) = _receive($self, 'recv', $size, $flags) or return undef;
  $_[1] = $message;
  return $from;
}

sub recvfrom {
  my ($self, undef, $size, $flags) = @_;
  return undef unless _is_buffer($self, 'recvfrom', \@_);
  my ($message, $from) = _receive($self, 'recvfrom', $size, $flags) or return undef;
  $_[1] = $message;
  return $from;
}

sub read {
  my ($self, undef, $size, $offset) = @_;
  return undef unless _is_buffer($self, 'read', \@_);
  $offset //= 0;
  return undef unless _is_number($self, 'read', 'offset is', $offset, $least);
  my $before = $_[1] // '';
  $offset += length $before if $offset < 0;
  return _fail($self, EINVAL, 'read: the offset is outside the string', undef) if $offset < 0;
  my $message = '';
  if (defined $size && _fits($size) && $size == 0) {
    return undef if _current($self, 'read') < 0;
  } else {
    ($message) = _receive($self, 'read', $size, 0) or return undef;
  }
  $before .= "\0" x ($offset - length $before) if length $before < $offset;
  $_[1] = substr($before, 0, $offset) . $message;
  return length $message;
}

sub write {
  my ($self, $message, $size, $offset) = @_;
  return _fail($self, EINVAL, 'write: there is no message', undef) unless defined $message;
  $offset //= 0;
  return undef unless _is_number($self, 'write', 'offset is', $offset, $least);
  return undef unless _is_number($self, 'write', 'size is', $size // 0, 0);
  return _fail($self, EINVAL, 'write: the offset is outside the message', undef) if abs $offset > length $message;
  my $part = defined $size ? substr $message, $offset, $size : substr $message, $offset;
  return _send_plain($self, 'write', $part, 0, sub { _targets($self, 'write') });
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

1;
