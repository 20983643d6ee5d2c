# C structs as hashes: bytes <-> fields by name, from a list of fields. The layout is worked out as a C compiler does;
# t/layout.t lets one check every struct. Mistakes die with a sentence that names them.
package Net::SCTP::Struct;
use strict;
use warnings;
use Net::SCTP::Address;

# Kind of a field => template of pack, bytes, alignment, least, greatest.
my $long = length pack 'l!', 0;
my %kinds = (
  u8   => ['C',  1,     1,     0,             255],
  u16  => ['S',  2,     2,     0,             65_535],
  u32  => ['L',  4,     4,     0,             4_294_967_295],
  s32  => ['l',  4,     4,     -2_147_483_648, 2_147_483_647],
  u64  => ['Q',  8,     undef, 0,             ~0],
  long => ['l!', $long, $long, -(2**31),      2**53],
  be16 => ['n',  2,     2,     0,             65_535],
  be32 => ['N',  4,     4,     0,             4_294_967_295],
);
use constant ADDRESS_SIZE => 128;    # struct sockaddr_storage, aligned like unsigned long

my %structs;    # name => [field, kind, ...]
my %packed;     # name => alignment of the whole, its fields having none
my %layouts;

# define(name => [field => kind, ...], ...). Kinds are those above, `address`, `struct NAME` and, last in a struct, the
# rest: `u8* COUNT`, `u16* COUNT`, `s32* COUNT`, `bytes* COUNT`, `addresses* COUNT`, COUNT being the field that counts it.
sub define {
  my %more = @_;
  @structs{ keys %more } = values %more;
  return;
}

# These are declared packed and aligned(4) in <linux/sctp.h>.
sub define_packed {
  my %more = @_;
  $packed{$_} = 4 for keys %more;
  return define(%more);
}

sub names { return sort keys %structs }

# { size, align, fields => [{ name, kind, detail, offset, size }], by_name }
sub layout {
  my ($struct) = @_;
  return $layouts{$struct} //= do {
    my ($offset, $most, @fields) = (0, 1);
    my @list = @{ $structs{$struct} // die "no struct $struct\n" };
    while (my ($name, $kind) = splice @list, 0, 2) {
      ($kind, my $detail) = split / /, $kind;
      my ($size, $align) = _extent($kind, $detail);
      $align  = 1 if $packed{$struct};
      $most   = $align if $align > $most;
      $offset = _round($offset, $align);
      push @fields, { name => $name, kind => $kind, detail => $detail, offset => $offset, size => $size };
      $offset += $size;
    }
    $most = $packed{$struct} // $most;
    +{ size => _round($offset, $most), align => $most, fields => \@fields, by_name => { map { $_->{name} => $_ } @fields } };
  };
}

sub _round { my ($number, $to) = @_; return int(($number + $to - 1) / $to) * $to }

sub _extent {
  my ($kind, $detail) = @_;
  return (ADDRESS_SIZE, length pack 'L!', 0) if $kind eq 'address';
  if ($kind eq 'struct') { my $inner = layout($detail); return ($inner->{size}, $inner->{align}) }
  my ($element, $rest) = $kind =~ /^(\w+)(\*?)$/;
  return (0, 1) if $rest && !$kinds{$element};
  my (undef, $size, $align) = @{ $kinds{$element} };
  return ($rest ? 0 : $size, $align // U64_ALIGNMENT());
}

# The field that says which association, if there is one.
sub id_field {
  my ($struct) = @_;
  return (grep { /(?:^|_)assoc_?id$/ } map { $_->{name} } grep { $_->{kind} eq 's32' } @{ layout($struct)->{fields} })[0];
}

# The only field there is besides the association: what a plain scalar stands for.
sub value_field {
  my ($struct) = @_;
  my $id     = id_field($struct) // '';
  my @others = grep { $_ ne $id } map { $_->{name} } @{ layout($struct)->{fields} };
  return @others == 1 ? $others[0] : undef;
}

# encode(struct, hash, who, context[, bytes]): the fields named are written over `bytes`, or over zeros.
# context: { port, ipv6, legacy } for addresses.
sub encode {
  my ($struct, $values, $who, $context, $bytes) = @_;
  my $layout = layout($struct);
  $bytes = '' unless defined $bytes;
  $bytes .= "\0" x ($layout->{size} - length $bytes) if length $bytes < $layout->{size};
  ref $values eq 'HASH' or die "$who takes a hash of its fields: " . _list($layout) . "\n";
  my %given = %$values;
  my $id    = id_field($struct);
  $given{$id} = delete $given{assoc_id} if defined $id && $id ne 'assoc_id' && exists $given{assoc_id};
  for my $name (sort keys %given) {
    my $field = $layout->{by_name}{$name} // die "$who has no field $name; it has " . _list($layout) . "\n";
    my $value = $given{$name} // next;
    _write(\$bytes, $field, $value, "$who: $name", $context, $layout, \%given);
  }
  return $bytes;
}

sub _list { my ($layout) = @_; return join ', ', map { $_->{name} } @{ $layout->{fields} } }

sub _write {
  my ($bytes, $field, $value, $who, $context, $layout, $given) = @_;
  my ($kind, $detail, $offset) = @$field{qw(kind detail offset)};
  if ($kind eq 'address') {
    my $address = Net::SCTP::Address::from_value($value, $who, $context);
    substr $$bytes, $offset, ADDRESS_SIZE, $address . "\0" x (ADDRESS_SIZE - length $address);
  } elsif ($kind eq 'struct') {
    my $size = $field->{size};
    substr $$bytes, $offset, $size, encode($detail, $value, $who, $context, substr $$bytes, $offset, $size);
  } elsif ($kind =~ /^(\w+)\*$/) {
    my ($tail, $count) = _tail($1, $value, $who, $context);
    substr $$bytes, $offset, length($$bytes) - $offset, $tail;
    _write($bytes, $layout->{by_name}{$detail}, $count, $who, $context) if defined $detail && !defined $given->{$detail};
  } else {
    substr $$bytes, $offset, $field->{size}, number($kind, $value, $who);
  }
  return;
}

sub _tail {
  my ($element, $value, $who, $context) = @_;
  if ($element eq 'bytes') {
    die "$who is a reference: it must be bytes\n" if ref $value;
    utf8::downgrade(my $copy = $value, 1) or die "$who: characters above 255 are not bytes\n";
    return ($copy, length $copy);
  }
  my @list = ref $value eq 'ARRAY' ? @$value : ($value);
  return (join('', map { Net::SCTP::Address::from_value($_, $who, $context) } @list), scalar @list)
    if $element eq 'addresses';
  return (join('', map { number($element, $_, $who) } @list), scalar @list);
}

# A number of this kind as bytes.
sub number {
  my ($kind, $value, $who) = @_;
  my ($template, undef, undef, $least, $greatest) = @{ $kinds{$kind} };
  my $is = !defined $value ? 'undef' : ref $value ? 'a reference' : "'$value'";
  die "$who is $is: it must be a number from $least to $greatest\n"
    if !defined $value || ref $value || $value !~ /^-?[0-9]+\z/ || $value < $least || $value > $greatest;
  return pack $template, $value;
}

# decode(struct, bytes): a hash of all fields that the bytes reach.
sub decode {
  my ($struct, $bytes, $context) = @_;
  my %fields;
  for my $field (@{ layout($struct)->{fields} }) {
    my ($name, $kind, $detail, $offset, $size) = @$field{qw(name kind detail offset size)};
    last if length $bytes < $offset + $size;
    my $part = substr $bytes, $offset, $size;
    if    ($kind eq 'address')      { $fields{$name} = Net::SCTP::Address::host($part) }
    elsif ($kind eq 'struct')       { $fields{$name} = decode($detail, $part, $context) }
    elsif ($kind =~ /^(\w+)\*$/)    { $fields{$name} = _read_tail($1, substr($bytes, $offset), $fields{ $detail // '' }) }
    else                            { $fields{$name} = unpack $kinds{$kind}[0], $part }
  }
  return \%fields;
}

sub _read_tail {
  my ($element, $bytes, $count) = @_;
  return substr $bytes, 0, $count // length $bytes if $element eq 'bytes';
  my @list = $element eq 'addresses' ? Net::SCTP::Address::hosts($bytes) : unpack "$kinds{$element}[0]*", $bytes;
  splice @list, $count if defined $count && $count < @list;
  return \@list;
}

# A single number, as some options are.
sub scalar { my ($kind, $bytes) = @_; return unpack $kinds{$kind}[0], $bytes }
sub is_scalar { my ($kind) = @_; return exists $kinds{$kind} }
sub size_of { my ($kind) = @_; return $kinds{$kind} ? $kinds{$kind}[1] : layout($kind)->{size} }

1;
