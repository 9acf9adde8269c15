using System.Collections.Immutable;
using Drover.Jobs;

namespace Drover.Hosting;

/// <summary>What follows a failed attempt of a kind. Immutable: each method answers a changed copy.</summary>
public sealed record RetryPolicy
{
    private ImmutableList<(Type Type, Func<int, TimeSpan?>? Wait)> Rules { get; init; } = [];

    /// <summary>Five attempts, with exponential waits from 5 s.</summary>
    public static RetryPolicy Default { get; } = new();

    /// <summary>One attempt.</summary>
    public static RetryPolicy None { get; } = new() { MaxAttempts = 1 };

    /// <summary>How often a job may be tried in all; 1 or more.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The wait between attempts.</summary>
    public Backoff Backoff { get; init; } = Backoff.Default;

    /// <summary>
    /// The wait in place of <see cref="Backoff"/>: given the exception and the number of the attempt that failed (1 for the first);
    /// null for <see cref="Backoff"/> to decide. It must return quickly and not throw.
    /// </summary>
    public Func<Exception, int, TimeSpan?>? Wait { get; init; }

    /// <summary>The same wait each time, with a tenth of jitter.</summary>
    public static RetryPolicy Fixed(int maxAttempts, TimeSpan delay) => Of(maxAttempts, delay, BackoffKind.Fixed);

    /// <summary>A wait that grows by <paramref name="delay"/> from attempt to attempt, with a tenth of jitter.</summary>
    public static RetryPolicy Linear(int maxAttempts, TimeSpan delay) => Of(maxAttempts, delay, BackoffKind.Linear);

    /// <summary>A wait that doubles from attempt to attempt, to an hour at most, with a tenth of jitter.</summary>
    public static RetryPolicy Exponential(int maxAttempts, TimeSpan delay) => Of(maxAttempts, delay, BackoffKind.Exponential);

    /// <summary>A failure by this exception, or one derived from it, is final. Of several rules that fit the first counts.</summary>
    public RetryPolicy NeverOn<TException>() where TException : Exception => this with { Rules = Rules.Add((typeof(TException), null)) };

    /// <summary>The waits after this exception, or one derived from it. Of several rules that fit the first counts.</summary>
    public RetryPolicy On<TException>(Backoff backoff) where TException : Exception =>
        this with { Rules = Rules.Add((typeof(TException), attempt => backoff.After(attempt, Random.Shared.NextDouble()))) };

    /// <summary>What this failure asks for; a wait of null is the job's own backoff.</summary>
    internal (bool Never, TimeSpan? Wait) After(Exception failure, int attempt)
    {
        foreach (var (type, wait) in Rules)
        {
            if (type.IsInstanceOfType(failure))
                return wait is null ? (true, null) : (false, wait(attempt));
        }

        return (false, Wait?.Invoke(failure, attempt));
    }

    internal void Validate()
    {
        if (MaxAttempts < 1)
            throw new ArgumentException($"A job must have at least one attempt, not {MaxAttempts}.");
    }

    private static RetryPolicy Of(int maxAttempts, TimeSpan delay, BackoffKind kind) =>
        new() { MaxAttempts = maxAttempts, Backoff = new() { Kind = kind, Delay = delay } };
}
