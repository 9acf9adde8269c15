using Drover.NetQueue.Protocol;

namespace Drover.NetQueue;

/// <summary>The queue server refuses the connection or the request, or cannot be understood.</summary>
public sealed class NetQueueException : Exception
{
    internal NetQueueException(ErrorCode code, string message, Exception? inner = null) : base(message, inner) => Code = code;

    internal ErrorCode Code { get; }

    /// <summary>Whether the token is missing, wrong, or lacks the role.</summary>
    public bool Denied => Code is ErrorCode.Unauthorized or ErrorCode.Forbidden;
}
