using System.Text;
using Drover.Shell;

namespace Drover.Tests.Shell;

public sealed class NonceFilterTests
{
    private const string Nonce = "abcabd";

    [Theory]
    [InlineData("plain", "plain", "")]
    [InlineData("abcabd X 0\n", "", "X 0")]
    [InlineData("before abcabd X 0\nafter", "before after", "X 0")]
    [InlineData("abcabcabd P 1\nabcabd A\n", "abc", "P 1|A")]
    [InlineData("abcabcabcabx ab", "abcabcabcabx ab", "")]
    [InlineData("ab", "ab", "")]
    [InlineData("abcabdabcabd X\n", "", "abcabd X")]
    [InlineData("\nabcabd\n\n", "\n\n", "")]
    public void Lines_are_taken_out_and_all_else_passes_however_it_is_split(string input, string passed, string lines)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(input);
        for (int size = 1; size <= bytes.Length; size++)
            Assert.Equal((passed, lines), Filter(bytes.Chunk(size)));
        for (int cut = 0; cut <= bytes.Length; cut++)
            Assert.Equal((passed, lines), Filter([bytes[..cut], bytes[cut..]]));
    }

    [Fact]
    public void Random_bytes_with_lines_strewn_in_come_out_exact()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            var (wanted, sent, lines) = (new List<byte>(), new List<byte>(), new List<string>());
            for (int n = 0; n < 50; n++)
            {
                // Letters of the nonce only, so that nearly every place looks like its beginning.
                byte[] own = [.. Enumerable.Range(0, random.Next(20)).Select(_ => (byte)"abcd"[random.Next(4)])];
                if (Encoding.ASCII.GetString([.. wanted.TakeLast(10), .. own]).Contains(Nonce, StringComparison.Ordinal))
                    continue;
                wanted.AddRange(own);
                sent.AddRange(own);
                // What was passed before must not make a nonce with this one's beginning; a byte of another kind parts them.
                wanted.Add((byte)'-');
                sent.Add((byte)'-');
                sent.AddRange(Encoding.ASCII.GetBytes($"{Nonce} L{n}\n"));
                lines.Add($"L{n}");
            }

            var (passed, taken) = Filter(Pieces([.. sent], random));
            Assert.True(passed == Encoding.ASCII.GetString([.. wanted]), $"seed {seed}, round {round}");
            Assert.Equal(string.Join('|', lines), taken);
        }
    }

    [Fact]
    public void A_line_without_end_takes_bounded_memory_and_is_cut()
    {
        var filter = new NonceFilter(Nonce);
        string? taken = null;
        filter.Feed(Encoding.ASCII.GetBytes(Nonce), static _ => { }, line => taken = line);
        for (int n = 0; n < 1000; n++)
            filter.Feed(Encoding.ASCII.GetBytes(new string('x', 1000)), static _ => { }, line => taken = line);
        filter.Feed("\n"u8, static _ => { }, line => taken = line);
        Assert.InRange(taken!.Length, 1, 16 * 1024);
    }

    private static (string Passed, string Lines) Filter(IEnumerable<byte[]> pieces)
    {
        var filter = new NonceFilter(Nonce);
        var (passed, lines) = (new StringBuilder(), new List<string>());
        foreach (byte[] piece in pieces)
            filter.Feed(piece, bytes => passed.Append(Encoding.ASCII.GetString(bytes)), lines.Add);
        filter.End(bytes => passed.Append(Encoding.ASCII.GetString(bytes)));
        return (passed.ToString(), string.Join('|', lines));
    }

    private static IEnumerable<byte[]> Pieces(byte[] bytes, Random random)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int size = Math.Min(1 + random.Next(10), bytes.Length - at);
            yield return bytes[at..(at + size)];
            at += size;
        }
    }
}
