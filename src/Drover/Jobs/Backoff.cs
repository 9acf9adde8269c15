namespace Drover.Jobs;

/// <summary>How the wait grows from attempt to attempt.</summary>
public enum BackoffKind : byte
{
    /// <summary>The same wait each time.</summary>
    Fixed = 1,

    /// <summary>Delay × number of failed attempts.</summary>
    Linear = 2,

    /// <summary>Delay × 2^(failed attempts − 1).</summary>
    Exponential = 3,
}

/// <summary>The wait between a failed attempt and the next.</summary>
public sealed record Backoff
{
    /// <summary>Exponential from 5 s to at most an hour, with a tenth of jitter.</summary>
    public static Backoff Default { get; } = new();

    /// <summary>How the wait grows.</summary>
    public BackoffKind Kind { get; init; } = BackoffKind.Exponential;

    /// <summary>The first wait. Zero or more.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait, before jitter.</summary>
    public TimeSpan Max { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The share, 0 to 1, by which a wait is made longer or shorter at random, so that jobs that failed together do not come back together.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>The wait after the given number of failed attempts.</summary>
    /// <param name="failedAttempts">How many attempts have failed so far; 1 or more.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive) that decides the jitter.</param>
    public TimeSpan After(int failedAttempts, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failedAttempts, 1);
        double factor = Kind switch
        {
            BackoffKind.Linear => failedAttempts,
            BackoffKind.Exponential => Math.Pow(2, Math.Min(failedAttempts - 1, 62)),
            _ => 1,
        };
        double seconds = Math.Min(Delay.TotalSeconds * factor, Max.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (1 + Jitter * (2 * random - 1)));
    }
}
