namespace Drover.Postgres.Jobs;

/// <summary>
/// Lets jobs gather that come while others are leased. A look that found several jobs, but not as many as were wanted, is followed by a
/// pause as long as it took: whoever leases as fast as jobs come in leases them one by one, at the price of a transaction each, and takes
/// from the server what it needs to accept them.
/// </summary>
internal sealed class LeasePace
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(4);
    private long _until;

    public async ValueTask WaitAsync()
    {
        long left = Volatile.Read(ref _until) - TimeProvider.System.GetTimestamp();
        var pause = TimeSpan.FromSeconds((double)left / TimeProvider.System.TimestampFrequency);
        if (pause >= Shortest / 2)
            await Task.Delay(pause < Shortest ? Shortest : pause, TimeProvider.System);
    }

    public void Leased(int count, int wanted, long began)
    {
        long now = TimeProvider.System.GetTimestamp();
        var took = TimeProvider.System.GetElapsedTime(began, now);
        bool trickle = count > 1 && count < wanted && took >= Shortest;
        Volatile.Write(ref _until, trickle ? now + (long)((took < Longest ? took : Longest).TotalSeconds * TimeProvider.System.TimestampFrequency) : 0);
    }
}
