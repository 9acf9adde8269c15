namespace Drover.Jobs;

/// <summary>What becomes of a running job whose worker disappears.</summary>
public enum WorkerLostPolicy : byte
{
    /// <summary>It fails with the reason <c>worker_lost</c> and is never run again by itself. For work that may not be safe to run twice.</summary>
    Fail = 1,

    /// <summary>The attempt counts as failed and the next one follows, while attempts remain.</summary>
    Retry = 2,
}
