using Drover.Jobs;

namespace Drover.Testing;

/// <summary>A job that the program enqueued.</summary>
/// <param name="Payload">What was given.</param>
/// <param name="Job">The job as it stands now, with its attempts.</param>
public sealed record TestJob<TJob>(TJob Payload, Job Job)
{
    /// <summary>Its id.</summary>
    public Guid Id => Job.Id;

    /// <summary>The queue it is in.</summary>
    public string Queue => Job.Spec.Queue;

    /// <summary>How long after it was enqueued it was to start; zero for at once.</summary>
    public TimeSpan Delay => Job.Spec.Delay ?? (Job.Spec.RunAt is { } at && at > Job.CreatedAt ? at - Job.CreatedAt : TimeSpan.Zero);

    /// <summary>Where it stands.</summary>
    public JobStatus Status => Job.Status;
}

/// <summary>What a test expected of the jobs is not so.</summary>
public sealed class DroverAssertException(string message) : Exception(message);
