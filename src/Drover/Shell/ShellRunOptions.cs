namespace Drover.Shell;

/// <summary>How a command or script is run and ended.</summary>
public sealed record ShellRunOptions
{
    /// <summary>How long a job has between TERM and KILL. More than zero.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long its output must be silent after its exit before the rest, held open by a background process, is left alone.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after its exit the output is read at most when a background process goes on printing.</summary>
    public TimeSpan Overhang { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same as <see cref="Drain"/> when no background process was found: the end is on its way, or who holds the output hides.</summary>
    public TimeSpan LateEnd { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long an answer may take: to the question for a sign of life, to a cancel beyond the grace, to a channel's opening.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the server may take to begin the job on an open channel: a busy one that was given many jobs at once needs its time.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
