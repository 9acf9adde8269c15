using Drover.Schedules;

namespace Drover.Hosting;

/// <summary>How a schedule differs from one that follows its expression in UTC and never runs two jobs at once.</summary>
public sealed record ScheduleOptions
{
    internal static ScheduleOptions Usual { get; } = new();

    /// <summary>The time zone that the expression is in, by its IANA name: <c>Europe/Berlin</c>.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>What becomes of firings that were missed, because no program ran or the clock was set forward.</summary>
    public CatchUpPolicy CatchUp { get; init; }

    /// <summary>What becomes of a firing while the last job has not finished.</summary>
    public OverlapPolicy Overlap { get; init; }

    /// <summary>The most by which a firing is put off, by a share that differs from firing to firing. Zero to a day.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How its jobs differ from others of their kind; null for not at all. They have neither delay, time, window nor a job to wait for.</summary>
    public JobOptions? Job { get; init; }
}
