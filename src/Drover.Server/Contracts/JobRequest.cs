using System.Text.Json;
using Drover.Jobs;

namespace Drover.Server.Contracts;

/// <summary>A job to run: a command, a script or a task. Exactly one of <c>command</c>, <c>script</c> and <c>job_type</c> is given.</summary>
public record JobRequest
{
    /// <summary>The program to run on a server: shell text when <c>args</c> is a text or is not given, else one word.</summary>
    public string? Command { get; init; }

    /// <summary>A script, handed unchanged to its interpreter.</summary>
    public string? Script { get; init; }

    /// <summary>Arguments of the command or script: a text is shell text, of a list each item reaches the program unchanged.</summary>
    public JobArgs? Args { get; init; }

    /// <summary>The server to run on, by id or name; <c>local</c> when none is given.</summary>
    public string? ServerId { get; init; }

    /// <summary>The interpreter, such as <c>/bin/bash</c>; when none is given the script's own <c>#!</c> line, else <c>/bin/sh</c>.</summary>
    public string? Shell { get; init; }

    /// <summary>Environment variables to set.</summary>
    public IReadOnlyDictionary<string, string>? Env { get; init; }

    /// <summary>The directory to run in; the login directory when none is given.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>What the command or script reads on its standard input.</summary>
    public string? Stdin { get; init; }

    /// <summary>Whether it gets a terminal; stdout and stderr are then one stream.</summary>
    public bool? Pty { get; init; }

    /// <summary>Whether programs that buffer their output when piped are asked not to.</summary>
    public bool? Unbuffered { get; init; }

    /// <summary>The type of a task: the name under which its handler is registered.</summary>
    public string? JobType { get; init; }

    /// <summary>A task's payload, any JSON.</summary>
    public JsonElement? Payload { get; init; }

    /// <summary>A name for people, at most 200 characters.</summary>
    public string? Name { get; init; }

    /// <summary>The queue it waits in; <c>default</c> when none is given.</summary>
    public string? Queue { get; init; }

    /// <summary>1 (first) to 10 (last); 5 when none is given.</summary>
    public int? Priority { get; init; }

    /// <summary>Seconds that one attempt may run, 0 for no limit; 300 when none is given.</summary>
    public double? Timeout { get; init; }

    /// <summary>How often it may be tried in all; 1 for commands and scripts, 3 for tasks when none is given.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>The wait between attempts.</summary>
    public BackoffBody? Backoff { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Not before this many seconds from now. Excludes <c>run_at</c>.</summary>
    public double? Delay { get; init; }

    /// <summary>Words to find it by, at most 32.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>While a job with this key is not finished another is not created: the answer is then 200 with that job and the header <c>Drover-Duplicate: true</c>.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>What <c>unique_key</c> means, when it is not: one job until it is finished, others are not created.</summary>
    public UniqueBody? Unique { get; init; }

    /// <summary>Tasks with this key share a limit on how many run at once or start in a time; at most 100 characters.</summary>
    public string? LimitKey { get; init; }

    /// <summary>What it waits for before it starts. A <c>delay</c> counts from then.</summary>
    public AfterBody? After { get; init; }

    /// <summary>Jobs that follow one after another, each when the one before has completed; for a job that is submitted by itself.</summary>
    public IReadOnlyList<JobRequest>? Then { get; init; }

    /// <summary>The job that it is a changed copy of, and beside which it is then listed. It need not be there any more. Not for jobs of a batch or a schedule.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>What becomes of it when its worker disappears; <c>fail</c> for commands and scripts, <c>retry</c> for tasks when none is given.</summary>
    public WorkerLostPolicy? OnWorkerLost { get; init; }

    /// <summary>Labels (<c>name=value</c> or <c>name</c>) that a worker must carry to run it.</summary>
    public IReadOnlyList<string>? WorkerLabels { get; init; }
}

/// <summary>Arguments: one text of shell syntax, or a list whose items reach the program unchanged.</summary>
public sealed record JobArgs
{
    /// <summary>Shell text.</summary>
    public JobArgs(string text) => Text = text;

    /// <summary>A list.</summary>
    public JobArgs(IReadOnlyList<string> list) => List = list;

    /// <summary>The text; null when it is a list.</summary>
    public string? Text { get; }

    /// <summary>The list; null when it is a text.</summary>
    public IReadOnlyList<string>? List { get; }
}

/// <summary>The wait between a failed attempt and the next.</summary>
public sealed record BackoffBody
{
    /// <summary>How the wait grows; <c>exponential</c> when none is given.</summary>
    public BackoffKind? Kind { get; init; }

    /// <summary>The first wait in seconds; 5 when none is given.</summary>
    public double? Delay { get; init; }

    /// <summary>The longest wait in seconds; 3600 when none is given.</summary>
    public double? Max { get; init; }

    /// <summary>The share, 0 to 1, by which a wait is made longer or shorter at random; 0.1 when none is given.</summary>
    public double? Jitter { get; init; }
}

/// <summary>Many jobs at once, all or none: either <c>jobs</c>, or one job (its fields beside it) with <c>server_ids</c> or <c>server_tags</c>.</summary>
public sealed record JobBulkRequest : JobRequest
{
    /// <summary>The jobs, 1 to 10,000.</summary>
    public IReadOnlyList<JobRequest>? Jobs { get; init; }

    /// <summary>Servers, by id or name, each of which gets the job.</summary>
    public IReadOnlyList<string>? ServerIds { get; init; }

    /// <summary>Every active server with one of these tags gets the job.</summary>
    public IReadOnlyList<string>? ServerTags { get; init; }
}

/// <summary>What became of a batch.</summary>
public sealed record JobBulkResponse
{
    /// <summary>The jobs' ids, in the order asked; when fanned out, in the order of <see cref="Jobs"/>.</summary>
    public required IReadOnlyList<Guid> Ids { get; init; }

    /// <summary>For each job what became of it.</summary>
    public required IReadOnlyList<JobBulkItem> Jobs { get; init; }
}

/// <summary>What became of one job of a batch.</summary>
public sealed record JobBulkItem
{
    /// <summary>The job.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its status when the call answered.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>A job with its <c>unique_key</c> was there already; this is its id.</summary>
    public required bool Duplicate { get; init; }

    /// <summary>The server it runs on.</summary>
    public string? ServerId { get; init; }

    /// <summary>That server's name.</summary>
    public string? ServerName { get; init; }
}

/// <summary>Changes to a job that waits.</summary>
public sealed record JobUpdateRequest
{
    /// <summary>1 (first) to 10 (last).</summary>
    public int? Priority { get; init; }

    /// <summary>Not before this time.</summary>
    public DateTimeOffset? RunAt { get; init; }
}

/// <summary>What a duplicate does differently from its origin.</summary>
public sealed record JobDuplicateRequest
{
    /// <summary>Another server, by id or name.</summary>
    public string? ServerId { get; init; }

    /// <summary>Another timeout in seconds; 0 for none.</summary>
    public double? Timeout { get; init; }

    /// <summary>Another priority.</summary>
    public int? Priority { get; init; }

    /// <summary>Other arguments.</summary>
    public JobArgs? Args { get; init; }

    /// <summary>Another command; for command jobs.</summary>
    public string? Command { get; init; }

    /// <summary>Another script; for script jobs.</summary>
    public string? Script { get; init; }
}
