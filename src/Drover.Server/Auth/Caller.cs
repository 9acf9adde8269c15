namespace Drover.Server.Auth;

/// <summary>Who calls, and from where.</summary>
/// <param name="Name">For people and the audit log.</param>
/// <param name="Origin">The address; null when there is none.</param>
/// <param name="Session">The session, when a browser calls with one.</param>
internal sealed record Caller(string Name, string? Origin, Session? Session = null)
{
    /// <summary>What Drover does by itself.</summary>
    public static Caller Drover { get; } = new("drover", null);

    public static string? OriginOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString();
}

internal static class CallerExtensions
{
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("The endpoint is open to all: nobody is known.");
}

/// <summary>Marks an endpoint that the metrics token may call, too.</summary>
internal sealed class OpenToMetricsToken
{
    public static OpenToMetricsToken Mark { get; } = new();
}

/// <summary>Marks an endpoint that asks for no token.</summary>
internal sealed class OpenToAll
{
    public static OpenToAll Mark { get; } = new();
}
