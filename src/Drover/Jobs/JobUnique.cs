namespace Drover.Jobs;

/// <summary>How long a job keeps its unique key. The numbers are stored; never change them.</summary>
public enum UniqueUntil : byte
{
    /// <summary>Until it is finished.</summary>
    Finished = 1,

    /// <summary>Until it starts for the first time.</summary>
    Started = 2,
}

/// <summary>What becomes of a new job whose unique key another has. The numbers are stored; never change them.</summary>
public enum UniqueConflict : byte
{
    /// <summary>It is not created.</summary>
    Skip = 1,

    /// <summary>The other is canceled if it still waits, and the new one takes its place; if it runs, the new one is not created.</summary>
    Replace = 2,

    /// <summary>It is not created, and the other, if it still waits, is put off: it runs the new one's <see cref="JobSpec.Delay"/> from now.</summary>
    Debounce = 3,
}

/// <summary>What a job's <see cref="JobSpec.UniqueKey"/> means.</summary>
/// <param name="Until">How long the key is kept.</param>
/// <param name="OnConflict">What becomes of a new job whose key is taken.</param>
public sealed record UniqueRule(UniqueUntil Until = UniqueUntil.Finished, UniqueConflict OnConflict = UniqueConflict.Skip)
{
    /// <summary>The rule of a job that names none.</summary>
    public static UniqueRule Usual { get; } = new();

    /// <summary>
    /// One job in each window of this length, whatever became of it; null for no window. Windows follow one another from
    /// 1970-01-01 UTC on: with an hour, each hour of the clock is one. 1 second to 24 hours; excludes everything else here.
    /// </summary>
    public TimeSpan? Window { get; init; }
}
