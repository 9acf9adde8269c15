using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Client;

/// <summary>Reads a reply's body.</summary>
internal delegate T ReadBody<out T>(ref BodyReader reader);

/// <summary>A request whose answer has not come; it keeps its frame, to send it again over another connection.</summary>
internal abstract class Pending(uint id, FrameWriter frame, long since)
{
    public uint Id { get; } = id;

    public FrameWriter Frame { get; } = frame;

    /// <summary>When it was made.</summary>
    public long Since { get; } = since;

    /// <summary>Waits as long as it takes.</summary>
    public bool Patient { get; init; }

    /// <summary>Belongs to one connection and is never sent over another.</summary>
    public bool Local { get; init; }

    /// <summary>Whether the reply begins with the seq of the latest event.</summary>
    public bool TellsSeq { get; init; }

    /// <summary>Whether it has gone out before.</summary>
    public bool Sent { get; set; }

    /// <summary>A lease request that is no longer wanted.</summary>
    public bool Withdrawn { get; set; }

    public abstract void Complete(ref BodyReader reader);

    public abstract void Fail(Exception e);

    /// <summary>Answers it from a reply or an error.</summary>
    public void Answer(FrameType type, ref BodyReader reader)
    {
        try
        {
            if (type == FrameType.Error)
                Fail(ErrorMessages.Read(ref reader));
            else
                Complete(ref reader);
        }
        catch (ProtocolException e)
        {
            Fail(new NetQueueException(e.Code, "The queue server's answer cannot be read: " + e.Message, e));
        }
    }
}

/// <inheritdoc/>
internal sealed class Pending<T>(uint id, FrameWriter frame, long since, ReadBody<T> read) : Pending(id, frame, since)
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _answer.Task;

    public override void Complete(ref BodyReader reader) => _answer.TrySetResult(read(ref reader));

    public override void Fail(Exception e) => _answer.TrySetException(e);
}
