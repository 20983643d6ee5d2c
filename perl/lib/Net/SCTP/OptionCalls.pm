# The methods of Net::SCTP about options: setsockopt, getsockopt, sctp_opt_info. What options there are and how they are
# laid out is the business of Net::SCTP::Options.
package Net::SCTP;
use strict;
use warnings;
use Errno qw(EINVAL ENOPROTOOPT EOPNOTSUPP);
use Net::SCTP::Constants;
use Net::SCTP::Options;

sub _option_error { my ($self, $call, $result) = @_; return _fail($self, $@ =~ /there is no option/ ? ENOPROTOOPT() : EINVAL, "$call: $@", $result) }

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
  if (@arguments == 3 && defined $arguments[0] && $arguments[0] =~ /^[0-9]+\z/) {    # as in Perl: level, option, bytes
    my ($level, $number, $value) = @arguments;
    return -1 unless _is_number($self, 'setsockopt', 'level is', $level, 0) && _is_number($self, 'setsockopt', 'option is', $number // '', 0);
    if (ref $value || ($value // '') =~ /^-?[0-9]+\z/) {
      return -1 unless _is_number($self, 'setsockopt', 'value is', $value, -(2**31));
      $value = pack 'i', $value;
    }
    return _fail($self, EINVAL, 'setsockopt: the value has characters above 255: they are no bytes', -1)
      unless utf8::downgrade($value //= '', 1);
    return _failed($self, 'setsockopt', -1) if Net::SCTP::Call::setsockopt($descriptor, $level, $number, $value) < 0;
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
  if (@arguments == 2 && 2 == grep { _fits($_) } @arguments) {    # as in Perl: level, option
    return Net::SCTP::Call::getsockopt($descriptor, @arguments, "\0" x 256) // _failed($self, 'getsockopt', undef);
  }
  my %wanted;
  for my $argument (@arguments) {
    if    (ref $argument eq 'HASH')  { %wanted = (%wanted, %$argument) }
    elsif (ref $argument eq 'ARRAY') { $wanted{ $_ // '' } = undef for @$argument }
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
  return _fail($self, EINVAL, "sctp_opt_info: '$id' is no association's id", undef) unless _fits($id);
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

1;
