using Microsoft.Extensions.Logging;

namespace Drover.Brokers.Duties;

/// <summary>Tells when the wall clock is set, and has jobs with a set time looked at again.</summary>
internal sealed class ClockWatch(Action jumped, BrokerOptions options, TimeProvider time, ILogger log) : Duty("clock watch", time, log)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);
    private DateTimeOffset _wall;
    private long _monotonic;

    public override ValueTask<TimeSpan> RunOnceAsync(CancellationToken cancel)
    {
        var (wall, monotonic) = (Time.GetUtcNow(), Time.GetTimestamp());
        if (_monotonic != 0)
        {
            var difference = wall - _wall - Time.GetElapsedTime(_monotonic, monotonic);
            if (difference.Duration() > Tolerance)
            {
                Log.ClockJumped(difference > TimeSpan.Zero ? "forward" : "back", difference.Duration());
                jumped();
            }
        }

        (_wall, _monotonic) = (wall, monotonic);
        return new(options.ClockInterval);
    }
}
