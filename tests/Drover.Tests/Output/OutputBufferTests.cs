using System.Text;
using System.Text.Unicode;
using Drover.Output;
using Drover.Storage;
using Drover.Tests.Support;

namespace Drover.Tests.Output;

public sealed class OutputBufferTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Streams_written_in_random_pieces_come_out_byte_for_byte(int seed)
    {
        var random = new Random(seed);
        var home = new OutputHome(firstSeq: 7);
        var written = new Dictionary<OutputStream, List<byte>> { [OutputStream.Stdout] = [], [OutputStream.Stderr] = [] };
        for (int i = 0; i < 300; i++)
        {
            var stream = random.Next(3) == 0 ? OutputStream.Stderr : OutputStream.Stdout;
            byte[] bytes = RandomPiece(random);
            home.Buffer.Write(stream, bytes);
            written[stream].AddRange(bytes);
            if (random.Next(20) == 0)
                home.Clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        await home.CompleteAsync();
        foreach (var (stream, bytes) in written)
            Assert.Equal(bytes.ToArray(), home.Bytes(stream));
        Assert.Equal(home.Stored.Select(e => e.Seq), Enumerable.Range(7, home.Stored.Count).Select(n => (long)n));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_utf8_sequence_is_never_split_however_it_is_read(int seed)
    {
        var random = new Random(seed);
        var home = new OutputHome();
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("aß語😀\n", 20_000)));
        for (int at = 0; at < text.Length;)
        {
            int length = Math.Min(random.Next(1, random.Next(2) == 0 ? 4 : 5000), text.Length - at);
            home.Buffer.Write(OutputStream.Stdout, text.AsSpan(at, length));
            at += length;
            if (random.Next(3) == 0)
                home.Buffer.Write(OutputStream.Stderr, "é"u8);
            home.Clock.Advance(TimeSpan.FromMilliseconds(random.Next(60)));
        }

        await home.CompleteAsync();
        Assert.All(home.Stored, entry => Assert.True(Utf8.IsValid(entry.Bytes.Span)));
        Assert.Equal(text, home.Bytes(OutputStream.Stdout));
    }

    [Fact]
    public async Task The_first_bytes_go_at_once_and_what_follows_at_the_interval()
    {
        var home = new OutputHome();
        home.Buffer.Write(OutputStream.Stdout, "first"u8);
        await Eventually.BecomesAsync("the first bytes are there", () => home.Stored.Count == 1);
        home.Buffer.Write(OutputStream.Stdout, "sec"u8);
        home.Buffer.Write(OutputStream.Stdout, "ond"u8);
        Assert.Single(home.Stored);

        await Eventually.BecomesAsync("the rest is there", () => home.Stored.Count == 2, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        Assert.Equal("second", Encoding.UTF8.GetString(home.Stored[1].Bytes.Span));
    }

    [Fact]
    public async Task Half_a_sequence_at_the_very_end_is_kept()
    {
        var home = new OutputHome();
        home.Buffer.Write(OutputStream.Stdout, [(byte)'a', 0xE8, 0xAA]);
        home.Buffer.Write(OutputStream.Stderr, [0xF0]);
        await home.CompleteAsync();
        Assert.Equal([(byte)'a', 0xE8, 0xAA], home.Bytes(OutputStream.Stdout));
        Assert.Equal([0xF0], home.Bytes(OutputStream.Stderr));
    }

    [Fact]
    public async Task Each_note_is_an_entry_of_its_own()
    {
        var home = new OutputHome();
        home.Buffer.Note("one");
        home.Buffer.Note("two");
        home.Buffer.Write(OutputStream.Stdout, "x"u8);
        await home.CompleteAsync();
        Assert.Equal(["one", "two", "x"], home.Stored.Select(e => Encoding.UTF8.GetString(e.Bytes.Span)));
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    [InlineData(10_000_000)]
    public async Task Past_the_limit_head_and_tail_remain_with_one_gap_that_says_how_much_is_missing(int max)
    {
        var random = new Random(max);
        var home = new OutputHome(max, firstSeq: 100);
        byte[] all = new byte[max * 5];
        random.NextBytes(all);
        for (int at = 0; at < all.Length;)
        {
            int length = Math.Min(random.Next(1, max / 3), all.Length - at);
            home.Buffer.Write(OutputStream.Stdout, all.AsSpan(at, length));
            at += length;
            if (random.Next(3) == 0)
                await Eventually.BecomesAsync("it is sent", () => home.Stored.Count > 0, () => home.Clock.Advance(TimeSpan.FromMilliseconds(100)));
        }

        await home.CompleteAsync();
        var entries = home.Stored;
        var gap = Assert.Single(entries, e => e.Stream == OutputStream.Gap);
        byte[] head = [.. entries.TakeWhile(e => e.Seq < gap.Seq).SelectMany(e => e.Bytes.ToArray())];
        byte[] tail = [.. entries.SkipWhile(e => e.Seq <= gap.Seq).SelectMany(e => e.Bytes.ToArray())];
        Assert.Equal(all[..head.Length], head);
        Assert.Equal(all[^tail.Length..], tail);
        Assert.Equal(all.Length, head.Length + gap.DroppedBytes + tail.Length);
        Assert.InRange(head.Length, max / 4, max / 2);
        Assert.InRange(head.Length + tail.Length, max / 2, max);
        Assert.Equal(entries.Select(e => e.Seq).Order(), entries.Select(e => e.Seq));
    }

    [Fact]
    public async Task Output_just_below_the_limit_has_no_gap()
    {
        var home = new OutputHome(100_000);
        byte[] all = new byte[99_000];
        new Random(1).NextBytes(all);
        home.Buffer.Write(OutputStream.Stdout, all);
        await home.CompleteAsync();
        Assert.Equal(all, home.Bytes(OutputStream.Stdout));
        Assert.DoesNotContain(home.Stored, e => e.Stream == OutputStream.Gap);
    }

    [Fact]
    public async Task While_the_broker_takes_nothing_memory_is_bounded_and_most_of_a_flood_is_never_sent()
    {
        const int max = 1024 * 1024;
        var home = new OutputHome(max);
        var open = new TaskCompletionSource();
        home.Before = () => open.Task;
        byte[] block = new byte[32 * 1024];
        home.Buffer.Write(OutputStream.Stdout, block);
        await Eventually.BecomesAsync("the broker is asked", () => home.Calls == 1);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 8000; i++)
            home.Buffer.Write(OutputStream.Stdout, block);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 8 * max);

        open.SetResult();
        await home.CompleteAsync();
        var gap = Assert.Single(home.Stored, e => e.Stream == OutputStream.Gap);
        Assert.Equal(8001L * block.Length, gap.DroppedBytes + home.Bytes(OutputStream.Stdout).Length);
        Assert.InRange(home.Sent, 1, 2 * max);
    }

    [Fact]
    public async Task A_job_that_prints_byte_by_byte_on_two_streams_stays_within_bounds()
    {
        var home = new OutputHome(64 * 1024);
        for (int i = 0; i < 200_000; i++)
            home.Buffer.Write(i % 2 == 0 ? OutputStream.Stdout : OutputStream.Stderr, "x"u8);
        await home.CompleteAsync();
        Assert.InRange(home.Stored.Count, 100, 1000);
        Assert.Equal(200_000, home.Stored.Sum(e => e.DroppedBytes + e.Bytes.Length));
    }

    [Fact]
    public async Task What_the_broker_could_not_take_is_sent_again_and_nothing_is_lost_or_doubled()
    {
        var home = new OutputHome();
        int fails = 3;
        home.Before = () => fails-- > 0 ? Task.FromException(new StoreUnavailableException("The disk is full.")) : Task.CompletedTask;
        home.Buffer.Write(OutputStream.Stdout, "one "u8);
        await Eventually.BecomesAsync("it is tried", () => home.Calls > 0);
        home.Buffer.Write(OutputStream.Stdout, "two"u8);
        await home.CompleteAsync();
        Assert.Equal("one two", Encoding.UTF8.GetString(home.Bytes(OutputStream.Stdout)));
    }

    [Fact]
    public async Task A_lost_lease_is_reported_once_and_ends_the_sending()
    {
        var home = new OutputHome { IsLost = true };
        home.Buffer.Write(OutputStream.Stdout, "one"u8);
        await Eventually.BecomesAsync("the loss is known", () => home.Losses == 1);
        home.Buffer.Write(OutputStream.Stdout, "two"u8);
        await home.CompleteAsync();
        Assert.Equal((1, 1), (home.Losses, home.Calls));
    }

    [Fact]
    public async Task An_abandoned_buffer_gives_up_though_the_broker_is_away()
    {
        var home = new OutputHome { Before = () => Task.FromException(new StoreUnavailableException("Away.")) };
        home.Buffer.Write(OutputStream.Stdout, "one"u8);
        home.Buffer.Abandon();
        await home.CompleteAsync();
        Assert.Empty(home.Stored);
    }

    [Theory]
    [InlineData(new byte[] { 0x61 }, 0)]
    [InlineData(new byte[] { 0x61, 0xC3 }, 1)]
    [InlineData(new byte[] { 0xE8, 0xAA }, 2)]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98 }, 3)]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x98, 0x80 }, 0)]
    [InlineData(new byte[] { 0xE0, 0x80 }, 0)] // Overlong: invalid already.
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80 }, 0)]
    [InlineData(new byte[] { 0xFF }, 0)]
    [InlineData(new byte[] { }, 0)]
    public void Only_what_may_still_become_a_sequence_is_held_back(byte[] bytes, int held) =>
        Assert.Equal(held, OutputAssembler.HalfSequence(bytes));

    private static byte[] RandomPiece(Random random)
    {
        byte[] bytes = new byte[random.Next(10) == 0 ? random.Next(200_000) : random.Next(200)];
        if (random.Next(2) == 0)
            random.NextBytes(bytes);
        else
            for (int i = 0; i < bytes.Length; i++)
                bytes[i] = "aß語😀\n"u8[random.Next(11)];
        return bytes;
    }
}
