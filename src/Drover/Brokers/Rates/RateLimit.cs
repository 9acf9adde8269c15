namespace Drover.Brokers;

/// <summary>How many jobs may start in a time: in any stretch of <paramref name="Per"/> no more than <paramref name="Count"/>.</summary>
/// <param name="Count">1 to 100,000.</param>
/// <param name="Per">1 second to 24 hours.</param>
public sealed record RateLimit(int Count, TimeSpan Per);
