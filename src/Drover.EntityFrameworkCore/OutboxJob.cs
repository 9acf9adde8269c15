namespace Drover.EntityFrameworkCore;

/// <summary>A row of the outbox: jobs that are saved with the program's own data and then handed to Drover.</summary>
internal sealed class OutboxJob
{
    /// <summary>The first job's id; rises with time.</summary>
    public required Guid Id { get; init; }

    /// <summary>The jobs; see <see cref="Storage.RequestBytes"/>.</summary>
    public required byte[] Content { get; init; }

    /// <summary>Which relay has it in hand; null for none yet.</summary>
    public Guid? TakenBy { get; init; }

    /// <summary>Until when, in ticks of 100 ns since the year 1, UTC: every provider can compare those.</summary>
    public long TakenUntil { get; init; }

    /// <summary>Why it can never be accepted; null while it may.</summary>
    public string? Fault { get; init; }
}
