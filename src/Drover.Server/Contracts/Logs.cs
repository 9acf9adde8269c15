using Drover.Jobs;

namespace Drover.Server.Contracts;

/// <summary>Where a piece of output comes from.</summary>
public enum LogStream : byte
{
    /// <summary>The process's standard output, or a handler's lines.</summary>
    Stdout = 1,

    /// <summary>The process's standard error.</summary>
    Stderr = 2,

    /// <summary>What Drover itself has to say about the run.</summary>
    System = 3,

    /// <summary>Output was dropped here because the job printed more than is kept.</summary>
    Gap = 4,
}

/// <summary>A piece of a job's output: whole or partial lines, as they came.</summary>
public sealed record LogEntry
{
    /// <summary>Rises from entry to entry through all attempts.</summary>
    public required long Seq { get; init; }

    /// <summary>When it was read.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The attempt that printed it.</summary>
    public required int Attempt { get; init; }

    /// <summary>Where it comes from.</summary>
    public required LogStream Stream { get; init; }

    /// <summary>The text; bytes that are no UTF-8 are shown as U+FFFD. Not there when <c>encoding=base64</c> was asked for.</summary>
    public string? Text { get; init; }

    /// <summary>The bytes in base64, when <c>encoding=base64</c> was asked for.</summary>
    public byte[]? Data { get; init; }

    /// <summary>For a gap, how many bytes were dropped.</summary>
    public long? DroppedBytes { get; init; }
}

/// <summary>A page of a job's output.</summary>
public sealed record LogPageResponse
{
    /// <summary>The entries in order.</summary>
    public required IReadOnlyList<LogEntry> Entries { get; init; }

    /// <summary>What to pass as <c>after</c> to go on.</summary>
    public required long Next { get; init; }

    /// <summary>Whether the job has ended and nothing follows this page.</summary>
    public required bool Complete { get; init; }
}

/// <summary>The last event of a followed log: how the job ended.</summary>
public sealed record LogEndResponse
{
    /// <summary>Always true: nothing follows.</summary>
    public required bool Complete { get; init; }

    /// <summary>The job's status.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>The process's exit code.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended the process, without SIG.</summary>
    public string? Signal { get; init; }

    /// <summary>Why it did not complete, a stable word.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it did not complete, for people.</summary>
    public string? Error { get; init; }
}
