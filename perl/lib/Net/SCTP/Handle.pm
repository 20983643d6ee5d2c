# What Perl sees where it wants a filehandle: fileno() and so IO::Select and IO::Poll get the descriptor of a Net::SCTP
# object; sysread, syswrite and close go to its methods.
package Net::SCTP::Handle;
use strict;
use warnings;
use Scalar::Util ();

sub TIEHANDLE {
  my ($class, $socket) = @_;
  my $self = bless { socket => $socket }, $class;
  Scalar::Util::weaken($self->{socket});
  return $self;
}

# None when the object is gone, or belongs to another thread.
sub _socket { my ($self) = @_; return Scalar::Util::blessed($self->{socket}) ? $self->{socket} : undef }

sub FILENO { my $socket = _socket(@_); return $socket && $socket->fileno }
sub READ  { my $socket = _socket(shift); return $socket ? $socket->read(@_) : undef }
sub WRITE { my $socket = _socket(shift); return $socket ? $socket->write(@_) : undef }
sub CLOSE { my $socket = _socket(@_); return $socket && $socket->close == 0 }
sub BINMODE { return 1 }

1;
