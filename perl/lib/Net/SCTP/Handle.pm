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

sub FILENO { my ($self) = @_; return $self->{socket} && $self->{socket}->fileno }
sub READ  { my $self = shift; return $self->{socket} ? $self->{socket}->read(@_) : undef }
sub WRITE { my $self = shift; return $self->{socket} ? $self->{socket}->write(@_) : undef }
sub CLOSE { my ($self) = @_; return $self->{socket} && $self->{socket}->close == 0 }
sub BINMODE { return 1 }

1;
