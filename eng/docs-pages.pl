# Makes of docfx's pages what reads well where the repository is shown: references to other members become links, and the
# table of contents a page, README.md. The argument is the folder.
use strict;
use warnings;

my $folder = shift or die "Give the folder of the pages.\n";
my @first = qw(Drover.Hosting Microsoft.Extensions.DependencyInjection Drover.AspNetCore Microsoft.AspNetCore.Builder
  Microsoft.EntityFrameworkCore Drover.EntityFrameworkCore Drover.Testing);
my %namespaces;

for my $file (sort glob "$folder/*.md") {
    my $text = slurp($file);
    $text =~ s/<xref href="([^"]+)"[^>]*><\/xref>/link_of($1)/ge;
    $text =~ s/\n+\z/\n/;
    spill($file, $text);
    my ($name) = $file =~ m{([^/]+)\.md$};
    $namespaces{$1}{$name} = summary_of($text) if $text =~ /^Namespace: \[([^\]]+)\]/m;
}

my $contents = "# Reference\n\nMade by `./dev docs` from the comments in the source. [Jobs in your own .NET program](../dotnet.md) tells how the parts go together.\n";
my %seen;
for my $namespace (grep { $namespaces{$_} && !$seen{$_}++ } @first, sort keys %namespaces) {
    $contents .= "\n## $namespace\n| | |\n|---|---|\n";
    for my $name (sort keys %{ $namespaces{$namespace} }) {
        (my $short = $name) =~ s/^\Q$namespace\E\.//;
        $short =~ s/-(\d+)$/<>/;
        $contents .= "| [$short]($name.md) | $namespaces{$namespace}{$name} |\n";
    }
}
spill("$folder/README.md", $contents);
unlink "$folder/toc.yml", "$folder/.manifest";

# T:A.B.C or a member of it: a link when there is a page, else its last two words as code.
sub link_of {
    my $uid = shift;
    $uid =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
    $uid =~ s/\(.*//;
    $uid =~ s/``\d+//g;
    my @parts = split /\./, $uid;
    for my $length (scalar @parts, scalar(@parts) - 1) {
        (my $page = join '.', @parts[0 .. $length - 1]) =~ tr/`/-/;
        next unless -e "$folder/$page.md";
        my $shown = join '.', @parts[$length - 1 .. $#parts];
        $shown =~ s/`\d+//g;
        return "[$shown]($page.md)";
    }
    my $shown = join '.', @parts > 1 && $parts[-2] =~ /^[A-Z]/ && $uid !~ /^System\.[^.]+$/ ? @parts[-2, -1] : $parts[-1];
    $shown =~ s/`\d+//g;
    return "`$shown`";
}

# The first sentence below the head.
sub summary_of {
    my ($text) = $_[0] =~ /^Assembly: .*?\n\s*\n(.+?)\n\n/ms or return '';
    return '' if $text =~ /^```/;
    $text =~ s/\s+/ /g;
    $text =~ s/<p>|<\/p>//g;
    return $text =~ /^(.+?[.:;])(?= [A-Z]|$)/ ? $1 : $text;
}

sub slurp {
    open my $in, '<:encoding(UTF-8)', $_[0] or die "$_[0]: $!\n";
    local $/;
    return scalar <$in>;
}

sub spill {
    open my $out, '>:encoding(UTF-8)', $_[0] or die "$_[0]: $!\n";
    print $out $_[1];
    close $out or die "$_[0]: $!\n";
}
