namespace Drover.NetQueue.Protocol;

/// <summary>Why a request or a connection failed. The numbers are the protocol; add, never change one.</summary>
internal enum ErrorCode : ushort
{
    /// <summary>Bytes that are no frame, or a body that does not fit its type. The connection closes.</summary>
    Malformed = 1,

    /// <summary>A frame or a batch beyond the limits. The connection closes when it was a frame.</summary>
    TooLarge = 2,

    /// <summary>A frame type the server does not know.</summary>
    UnknownType = 3,

    /// <summary>No version is spoken by both sides. The connection closes.</summary>
    Version = 4,

    /// <summary>The token is missing or wrong. The connection closes.</summary>
    Unauthorized = 5,

    /// <summary>The token's roles do not allow it.</summary>
    Forbidden = 6,

    /// <summary>Too many connections. The connection closes; try again later.</summary>
    TooMany = 7,

    /// <summary>Hello came too late, or nothing was heard for too long, or nothing was read for too long. The connection closes.</summary>
    TimedOut = 8,

    /// <summary>A worker's request on a connection without an attached worker.</summary>
    NotAttached = 9,

    /// <summary>Another connection of the same client, or another instance of the same worker, took over. The connection closes.</summary>
    Superseded = 10,

    /// <summary>The request is not possible as it was asked: a wrong cursor, a limit out of range.</summary>
    BadRequest = 11,

    /// <summary>A job breaks a rule; the reasons follow by field.</summary>
    Validation = 12,

    /// <summary>The queue is full; its name and limit follow.</summary>
    QueueFull = 13,

    /// <summary>The idempotency key, which follows, was used for another request.</summary>
    IdempotencyConflict = 14,

    /// <summary>The store cannot do its work now; whether the request may have been carried out follows.</summary>
    Unavailable = 15,

    /// <summary>The job id, which follows, is taken.</summary>
    JobIdTaken = 16,

    /// <summary>The server goes down; try again later.</summary>
    ShuttingDown = 17,

    /// <summary>A credential may not travel over this connection: it is neither TLS nor loopback.</summary>
    Insecure = 18,

    /// <summary>A server that a job needs cannot be used.</summary>
    TargetUnavailable = 19,

    /// <summary>A document of the catalog was changed meanwhile, or its name is taken; which of the two follows.</summary>
    CatalogConflict = 20,

    /// <summary>A fault in the server; its log tells more.</summary>
    Internal = 100,
}

/// <summary>The other side, or what it sent, breaks the protocol.</summary>
internal sealed class ProtocolException(ErrorCode code, string message) : Exception(message)
{
    public ErrorCode Code { get; } = code;
}
