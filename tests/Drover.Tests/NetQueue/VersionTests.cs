using Drover.Jobs;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.Tests.NetQueue;

/// <summary>What a peer of an older version gets.</summary>
public sealed class VersionTests
{
    [Fact]
    public void A_peer_of_version_1_gets_a_spec_without_what_came_with_version_2()
    {
        using var writer = new FrameWriter { Version = 1 };
        SpecCodec.Write(writer, Samples.Tied);
        var read = Read(writer);
        Assert.Equal((null, null, null, null), (read.Unique, read.LimitKey, read.After, read.BatchId));
        Assert.Equal(("echo", "u", 1), (read.Task!.JobType, read.UniqueKey, writer.Needs));
    }

    [Fact]
    public void A_frame_knows_which_version_it_needs()
    {
        using var writer = new FrameWriter();
        SpecCodec.Write(writer, Samples.Tied with { Unique = null, LimitKey = null, After = null, BatchId = null });
        Assert.Equal(1, writer.Needs);
        writer.Clear();
        SpecCodec.Write(writer, Samples.Tied);
        Assert.Equal(2, writer.Needs);
        var read = Read(writer);
        Assert.Equal((Samples.Tied.Unique, Samples.Tied.LimitKey, Samples.Tied.After, Samples.Tied.BatchId), (read.Unique, read.LimitKey, read.After, read.BatchId));
    }

    private static JobSpec Read(FrameWriter writer)
    {
        var reader = new BodyReader(writer.Written.Span);
        var spec = SpecCodec.Read(ref reader);
        reader.End();
        return spec;
    }
}
