using Drover.Jobs;
using Drover.Storage;

namespace Drover.Workers;

/// <summary>One attempt of a task, as its handler sees it.</summary>
public abstract class TaskContext
{
    /// <summary>The job and what was asked for.</summary>
    public abstract Lease Lease { get; }

    /// <summary>The payload, JSON text in UTF-8; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload => Lease.Spec.Task!.Payload;

    /// <summary>Which attempt this is; 1 for the first.</summary>
    public int Attempt => Lease.Token.Attempt;

    /// <summary>The job's id.</summary>
    public Guid JobId => Lease.Token.JobId;

    /// <summary>The clock.</summary>
    public abstract TimeProvider Time { get; }

    /// <summary>Adds a line to the job's output. Never blocks.</summary>
    public abstract void Log(string line);

    /// <summary>Tells how far the work is. What says the same as the last time is left out. Never blocks.</summary>
    /// <param name="done">0 to 1; what is outside is taken for the nearer end.</param>
    /// <param name="what">What is going on; null for nothing to say.</param>
    public virtual void Progress(double done, string? what = null) => Log(JobProgress.NoteOf(done, what));
}
