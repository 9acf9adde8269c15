using System.Buffers;
using Drover.NetQueue.Protocol;
using Drover.Tests.Architecture;

namespace Drover.Tests.NetQueue;

/// <summary>The frames as docs/netqueue.md writes them down.</summary>
public sealed class FrameTests
{
    [Fact]
    public void The_document_has_a_test_vector_for_every_sample_and_the_code_writes_the_same()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "netqueue.md"));
        string vectors = document[document.IndexOf("## Test vectors", StringComparison.Ordinal)..];
        var written = vectors.Split('\n')
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(cells => cells[0].Trim('`'), cells => cells[1].Trim('`'));
        var actual = Samples.Frames.ToDictionary(sample => sample.Key, sample => Convert.ToHexStringLower(sample.Value));
        Assert.Equal(actual.OrderBy(x => x.Key, StringComparer.Ordinal), written.OrderBy(x => x.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_frame_reads_back_as_it_was_written()
    {
        foreach (var (name, frame) in Samples.Frames)
        {
            var rest = new ReadOnlySequence<byte>(frame);
            Assert.True(FrameReader.TryCut(ref rest, 1 << 20, out var header, out var body), name);
            Assert.True(rest.IsEmpty);
            Assert.Equal(Convert.ToHexString(frame.AsSpan(Wire.HeaderBytes)), Convert.ToHexString(Reading.ReadAndWrite(header.Type, body.ToArray())!));
        }
    }

    [Fact]
    public void Every_frame_type_has_a_sample()
    {
        var seen = Samples.Frames.Values.Select(frame => (FrameType)(frame[4] is 0xFF ? 0xFF : frame[4] & 0x7F)).ToHashSet();
        Assert.Empty(Enum.GetValues<FrameType>().Except(seen).Except([FrameType.Reply]));
    }

    [Fact]
    public void No_beginning_of_a_frame_is_taken_for_a_whole_one()
    {
        foreach (byte[] frame in Samples.Frames.Values)
        {
            for (int length = 0; length < frame.Length; length++)
            {
                var rest = new ReadOnlySequence<byte>(frame, 0, length);
                Assert.False(FrameReader.TryCut(ref rest, 1 << 20, out _, out _));
            }
        }
    }

    [Fact]
    public void A_long_reply_is_sent_in_pieces_that_make_it_up_again()
    {
        byte[] content = new byte[(2 * Wire.MaxPieceBytes) + 5];
        new Random(1).NextBytes(content);
        using var w = new FrameWriter();
        w.Begin(FrameType.Get | FrameType.Reply, 9);
        w.Raw(content);
        w.End(split: true);
        var rest = new ReadOnlySequence<byte>(w.Written);
        var joined = new List<byte>();
        var more = new List<bool>();
        while (FrameReader.TryCut(ref rest, 2 * Wire.MaxPieceBytes, out var header, out var body))
        {
            Assert.Equal((FrameType.Get | FrameType.Reply, 9u), (header.Type, header.Id));
            joined.AddRange(body.ToArray());
            more.Add(header.Flags.HasFlag(FrameFlags.More));
        }

        Assert.Equal([true, true, false], more);
        Assert.Equal(content, joined);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    [InlineData(-1)]
    public void Numbers_of_any_size_read_back(int value)
    {
        using var w = new FrameWriter();
        w.Int(value);
        w.Var((uint)value);
        var r = new BodyReader(w.Written.Span);
        Assert.Equal(value, r.Int());
        Assert.Equal((uint)value, r.Var());
        Assert.Equal(0, r.Left);
    }
}
