namespace Drover.Jobs;

/// <summary>
/// What a producer asks for: everything about a job that never changes, save its priority and time, which may be
/// changed while it waits (see <see cref="Job.Priority"/>, <see cref="Job.RunAt"/>).
/// Exactly one of <see cref="Shell"/> and <see cref="Task"/> is set, as <see cref="Kind"/> says.
/// <see cref="JobRules"/> states the limits.
/// </summary>
public sealed record JobSpec
{
    /// <summary>What the job is made of.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>A name for people; null for none. At most 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>The queue it waits in.</summary>
    public string Queue { get; init; } = JobRules.DefaultQueue;

    /// <summary>1 (first) to 10 (last).</summary>
    public int Priority { get; init; } = JobRules.DefaultPriority;

    /// <summary>How long one attempt may run; zero for no limit.</summary>
    public TimeSpan Timeout { get; init; } = JobRules.DefaultTimeout;

    /// <summary>How often it may be tried in all; 1 or more.</summary>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>The wait between attempts.</summary>
    public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>Not before this time; null for at once. Excludes <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Not before this long after it was accepted; null for at once. Unlike <see cref="RunAt"/> it is not touched by a change of the clock.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Words to find it by. At most 32, each at most 100 characters.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>While a job with this key is not finished, another is not created, unless <see cref="Unique"/> says otherwise; null for none.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>What <see cref="UniqueKey"/> means; null for the usual (<see cref="UniqueRule.Usual"/>).</summary>
    public UniqueRule? Unique { get; init; }

    /// <summary>
    /// Jobs with this key share a limit on how many run at once or start in a time; null for none. For tasks only: commands
    /// and scripts share the limit of their server. At most 100 characters.
    /// </summary>
    public string? LimitKey { get; init; }

    /// <summary>What it waits for before it starts; null for nothing. Excludes <see cref="RunAt"/>; a <see cref="Delay"/> counts from then.</summary>
    public JobAfter? After { get; init; }

    /// <summary>The batch it belongs to, an id made by its producer (<see cref="JobId.New"/>); null for none. Excludes <see cref="OriginId"/>.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>What becomes of it when its worker disappears.</summary>
    public WorkerLostPolicy OnWorkerLost { get; init; } = WorkerLostPolicy.Fail;

    /// <summary>Labels a worker must carry to run it, <c>name=value</c> or <c>name</c>; empty for any worker.</summary>
    public IReadOnlyList<string> WorkerLabels { get; init; } = [];

    /// <summary>The command or script; null for a task.</summary>
    public ShellWork? Shell { get; init; }

    /// <summary>The task; null for a command or script.</summary>
    public TaskWork? Task { get; init; }

    /// <summary>The job of which this is a rerun or a duplicate; null for none.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>Who submitted it, for people; null when unknown.</summary>
    public string? CreatedBy { get; init; }
}

/// <summary>A command or a script, and where and how it runs.</summary>
public sealed record ShellWork
{
    /// <summary>The id of the server it runs on.</summary>
    public required string ServerId { get; init; }

    /// <summary>The server's name when the job was submitted.</summary>
    public required string ServerName { get; init; }

    /// <summary>The program, for <see cref="JobKind.Command"/>: shell text when <see cref="ArgsText"/> is used or no argument is given, else one word.</summary>
    public string? Command { get; init; }

    /// <summary>The script, for <see cref="JobKind.Script"/>: any bytes that are valid UTF-8, handed over unchanged.</summary>
    public string? Script { get; init; }

    /// <summary>Arguments as shell text, expanded by the shell; null when <see cref="Args"/> is used.</summary>
    public string? ArgsText { get; init; }

    /// <summary>Arguments that reach the program unchanged, whatever they hold; null when <see cref="ArgsText"/> is used.</summary>
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>The shell or interpreter, for instance <c>/bin/bash</c>; null for the script's own <c>#!</c> line, else <c>/bin/sh</c>.</summary>
    public string? Shell { get; init; }

    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    /// <summary>The directory to run in; null for the login directory.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>What it reads on its standard input; null for an empty input.</summary>
    public string? Stdin { get; init; }

    /// <summary>Whether it gets a terminal; stdout and stderr are then one stream.</summary>
    public bool Pty { get; init; }

    /// <summary>Whether programs that buffer their output when piped are asked not to (<c>stdbuf</c> where it exists).</summary>
    public bool Unbuffered { get; init; }
}

/// <summary>A typed task for a handler.</summary>
public sealed record TaskWork
{
    /// <summary>The name under which its handler is registered.</summary>
    public required string JobType { get; init; }

    /// <summary>The payload as JSON text in UTF-8; empty for none.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The W3C trace context of whoever enqueued it (<c>traceparent</c>), so that its run joins the trace; null for none. At most 64 characters.</summary>
    public string? TraceParent { get; init; }
}
