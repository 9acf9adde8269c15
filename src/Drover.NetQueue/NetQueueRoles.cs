namespace Drover.NetQueue;

/// <summary>What a token allows on a queue server's port.</summary>
[Flags]
public enum NetQueueRoles : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Enqueue, cancel, retry, look at jobs, queues, output and events.</summary>
    Producer = 1,

    /// <summary>Lease jobs, renew, store their output, finish them.</summary>
    Worker = 2,

    /// <summary>Everything: also change and delete jobs, pause queues, set limits, list and drain workers.</summary>
    Admin = 4,
}
