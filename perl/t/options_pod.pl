# Writes the list of options into the manual: perl t/options_pod.pl, after make (t/pod.t holds them together).
use strict;
use warnings;
use lib 'blib/lib', 'blib/arch', 'lib';
use Net::SCTP;

my $file = 'lib/Net/SCTP.pod';
open my $in, '<', $file or die "$file: $!\n";
my $text = do { local $/; <$in> };
my $list = Net::SCTP::Options::options_pod();
$text =~ s/(^=head1 OPTIONS\n.*?^=over\n\n).*?(^=back\n)/$1$list$2/ms or die "$file: there is no list of options\n";
open my $out, '>', $file or die "$file: $!\n";
print {$out} $text;
close $out or die "$file: $!\n";
