using Drover.Jobs;
using Drover.Storage;

namespace Drover.Sqlite.Engine;

/// <summary>
/// What memory holds of an unfinished job to which something has happened: it runs, or ran, or was changed. A job that
/// only waits has none. Belongs to the writer thread; others read it to tell how a running job stands.
/// </summary>
internal sealed class LiveJob(long seq, Guid id, Lane lane)
{
    private long _lastOutputSeq = -1;

    public long Seq { get; } = seq;

    public Guid Id { get; } = id;

    public Lane Lane { get; } = lane;

    /// <summary>The number of the latest attempt.</summary>
    public int Attempt { get; set; }

    public int AttemptsUsed { get; set; }

    /// <summary>The number of its last event on disk, or about to be.</summary>
    public int EventNo { get; set; }

    public string? WorkerId { get; set; }

    public Guid InstanceId { get; set; }

    /// <summary>While it runs.</summary>
    public JobSpec? Spec { get; set; }

    /// <summary>When its lease runs out, on the steady clock.</summary>
    public long LeaseStamp { get; set; }

    public TimeSpan LeaseDuration { get; set; }

    public long StartedAt { get; set; }

    public long ReadyAt { get; set; }

    public long CancelRequestedAt { get; set; }

    /// <summary>Its start is not on disk; the next commit brings it there, alone or within its end.</summary>
    public bool StartPending { get; set; }

    /// <summary>The operation of the present group that changes it; null for none.</summary>
    public object? StagedBy { get; set; }

    /// <summary>Whether an earlier error of it stands in the text index.</summary>
    public bool HasErrorText { get; set; }

    /// <summary>The seq of its last output entry; -1 when it must be looked up. Written by the output's thread.</summary>
    public long LastOutputSeq
    {
        get => Volatile.Read(ref _lastOutputSeq);
        set => Volatile.Write(ref _lastOutputSeq, value);
    }

    public JobChange Change(ChangeResult result, JobStatus from, JobStatus to) => new(Id, result, from, to, Lane.Queue.Name, Attempt, WorkerId);
}
