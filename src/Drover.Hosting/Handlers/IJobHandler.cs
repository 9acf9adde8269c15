namespace Drover.Hosting;

/// <summary>Runs jobs of one type. Made anew for each attempt, in a scope of services of its own.</summary>
/// <typeparam name="TJob">The payload's type, marked with <see cref="JobKindAttribute"/>.</typeparam>
public interface IJobHandler<in TJob>
{
    /// <summary>
    /// Does the work. Returning completes the job; an exception is a failed attempt, kept in its history. A job may run more than
    /// once (a process that dies after the work and before the end is written): make the work safe to repeat.
    /// </summary>
    /// <param name="job">The payload.</param>
    /// <param name="context">The attempt: its log, progress, result, and how to put it off or give it up.</param>
    /// <param name="cancel">Fires when the work should stop: canceled, timed out, or the program goes down.</param>
    ValueTask HandleAsync(TJob job, JobContext context, CancellationToken cancel);
}

/// <summary>The rest of a job's way: further middleware, then the handler.</summary>
public delegate ValueTask JobNext();

/// <summary>Code around every handler. What it throws is a failed attempt, as if the handler had thrown it.</summary>
/// <param name="context">The attempt.</param>
/// <param name="next">Runs the rest; call it once, or not at all to complete the job without running it.</param>
public delegate ValueTask JobMiddleware(JobContext context, JobNext next);
