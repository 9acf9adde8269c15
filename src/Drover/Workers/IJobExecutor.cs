using System.Collections.Frozen;
using Drover.Jobs;
using Drover.Output;
using Drover.Servers;
using Drover.Storage;

namespace Drover.Workers;

/// <summary>Runs one sort of job: on this machine, over SSH, by a task handler.</summary>
public interface IJobExecutor
{
    /// <summary>Whether it is the one for this job.</summary>
    bool Accepts(Lease lease);

    /// <summary>Whether it runs commands and scripts.</summary>
    bool RunsShell => true;

    /// <summary>Whether <see cref="ExecuteAsync"/> returns at once, whatever the job does, so that the worker needs no other thread to call it.</summary>
    bool ReturnsAtOnce => false;

    /// <summary>The task types it has handlers for.</summary>
    IReadOnlySet<string> JobTypes => FrozenSet<string>.Empty;

    /// <summary>
    /// Runs the attempt to its end. It does not throw for anything the job or the server does: that is an outcome.
    /// When <see cref="ExecutionContext.Stop"/> fires it ends the work, verifies that it is gone, and answers
    /// with the outcome for <see cref="ExecutionContext.StopReason"/>; a task that returned all the same has completed.
    /// The timeout is the executor's to enforce, from the moment the work itself begins.
    /// </summary>
    ValueTask<AttemptOutcome> ExecuteAsync(ExecutionContext context);
}

/// <summary>Why an attempt should stop.</summary>
public enum StopReason : byte
{
    /// <summary>It should not.</summary>
    None,

    /// <summary>Somebody canceled the job: <see cref="OutcomeKind.Canceled"/>.</summary>
    Canceled,

    /// <summary>The worker goes down: tasks are <see cref="OutcomeKind.HandedBack"/>, commands are canceled and reported with <see cref="FailureReasons.Shutdown"/>.</summary>
    Shutdown,

    /// <summary>The lease is lost: end the work; the outcome goes nowhere.</summary>
    LeaseLost,
}

/// <summary>All that an executor needs for one attempt.</summary>
public abstract class ExecutionContext
{
    /// <summary>What to run, and where.</summary>
    public abstract Lease Lease { get; }

    /// <summary>Where its output goes.</summary>
    public abstract IOutputSink Output { get; }

    /// <summary>Fires when the attempt should stop.</summary>
    public abstract CancellationToken Stop { get; }

    /// <summary>
    /// Has something done when <see cref="Stop"/> fires, at once when it has: for work so short that a registration would
    /// be felt. It must not block. To be called once.
    /// </summary>
    public virtual void OnStop(Action<object?> callback, object state) => Stop.UnsafeRegister(callback, state);

    /// <summary>Why; meaningful once <see cref="Stop"/> has fired.</summary>
    public abstract StopReason StopReason { get; }

    /// <summary>The clock.</summary>
    public abstract TimeProvider Time { get; }

    /// <summary>Pins the host key of a server that has none; see <see cref="Brokers.IWorkerSession.ReportHostKeyAsync"/>.</summary>
    public abstract ValueTask<HostKey> ReportHostKeyAsync(string serverId, HostKey shown, CancellationToken cancel);
}
