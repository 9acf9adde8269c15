using Drover.NetQueue.Protocol;

namespace Drover.NetQueue.Messages;

/// <summary>How a client introduces itself: the first frame of every connection.</summary>
/// <param name="MinVersion">The lowest version of the protocol it speaks.</param>
/// <param name="MaxVersion">The highest.</param>
/// <param name="Token">Its token; empty for none.</param>
/// <param name="ClientId">Chosen at random when it starts; the same on each connection that takes over from a broken one.</param>
/// <param name="Software">Its name and version, for people: <c>drover/0.1.0</c>.</param>
internal sealed record Hello(ushort MinVersion, ushort MaxVersion, string Token, Guid ClientId, string Software)
{
    // min_version u16 | max_version u16 | token text | client_id uuid | software text | more (of later versions; to be left unread)
    public void Write(FrameWriter w)
    {
        w.U16(MinVersion);
        w.U16(MaxVersion);
        w.Text(Token);
        w.Uuid(ClientId);
        w.Text(Software);
    }

    public static Hello Read(ref BodyReader r) => new(r.U16(), r.U16(), r.Text(), r.Uuid(), r.Text());

    /// <summary>Nothing but who; never the token.</summary>
    public override string ToString() => $"Hello {{ {Software} }}";
}

/// <summary>The server's answer.</summary>
/// <param name="Version">The version in force: the highest that both speak.</param>
/// <param name="Roles">What the token allows.</param>
/// <param name="MaxFrameBytes">The longest frame the server takes, as its length field counts.</param>
/// <param name="MaxBatch">The most items in one request.</param>
/// <param name="MaxInFlight">How many requests may wait for their answers before the server stops reading.</param>
/// <param name="PingEvery">How often to send something, so that the server does not take the client for dead.</param>
/// <param name="LastEventSeq">The latest event.</param>
/// <param name="Software">Its name and version.</param>
internal sealed record Welcome(
    ushort Version, NetQueueRoles Roles, uint MaxFrameBytes, uint MaxBatch, uint MaxInFlight, TimeSpan PingEvery, long LastEventSeq, string Software)
{
    // version u16 | roles u8 | max_frame_bytes u32 | max_batch u32 | max_in_flight u32 | ping_every duration | last_event_seq i64 | software text
    public void Write(FrameWriter w)
    {
        w.U16(Version);
        w.U8((byte)Roles);
        w.U32(MaxFrameBytes);
        w.U32(MaxBatch);
        w.U32(MaxInFlight);
        w.Duration(PingEvery);
        w.I64(LastEventSeq);
        w.Text(Software);
    }

    public static Welcome Read(ref BodyReader r) =>
        new(r.U16(), (NetQueueRoles)r.U8(), r.U32(), r.U32(), r.U32(), r.Duration(), r.I64(), r.Text());
}
