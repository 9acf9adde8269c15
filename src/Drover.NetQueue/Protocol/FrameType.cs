namespace Drover.NetQueue.Protocol;

/// <summary>
/// What a frame is. A request's reply has the request's number with the highest bit set; an error answers any request.
/// The numbers are the protocol (<c>docs/netqueue.md</c>): add, never change or reuse one.
/// </summary>
internal enum FrameType : byte
{
    Hello = 0x01,
    Ping = 0x02,
    Goodbye = 0x03,

    Enqueue = 0x10,
    Cancel = 0x11,
    Retry = 0x12,
    Update = 0x13,
    Delete = 0x14,
    Get = 0x15,
    List = 0x16,
    Count = 0x17,
    ReadOutput = 0x18,
    Throughput = 0x19,
    Queues = 0x1A,
    SetPaused = 0x1B,
    SetLimits = 0x1C,
    Workers = 0x1D,
    DrainWorker = 0x1E,

    Attach = 0x20,
    Lease = 0x21,
    Withdraw = 0x22,
    Renew = 0x23,
    Output = 0x24,
    Finish = 0x25,
    ReportHostKey = 0x26,

    Subscribe = 0x30,
    Unsubscribe = 0x31,

    CatalogGet = 0x40,
    CatalogFind = 0x41,
    CatalogList = 0x42,
    CatalogCreate = 0x43,
    CatalogUpdate = 0x44,
    CatalogDelete = 0x45,
    AuditAppend = 0x46,
    AuditList = 0x47,
    Publish = 0x48,

    /// <summary>Pushed: events of a subscription, whose request id it carries.</summary>
    Events = 0x60,

    /// <summary>Pushed: a cancel or a drain for the attached worker.</summary>
    Signal = 0x61,

    /// <summary>Pushed: the server goes down; connect again after a while.</summary>
    GoingAway = 0x62,

    /// <summary>Set in the type of every reply.</summary>
    Reply = 0x80,

    /// <summary>Answers a request that failed; with the id 0 it is about the connection, which then closes.</summary>
    Error = 0xFF,
}

/// <summary>Marks on a frame.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>A request that was sent before on a connection that broke, and may have been carried out.</summary>
    Again = 1,

    /// <summary>The body goes on in the next frame with the same type and id. Replies and pushes only.</summary>
    More = 2,
}
