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
}
