namespace Drover.Server.Contracts;

/// <summary>Signs a browser in, with a token or with a one-time code.</summary>
public sealed record SessionRequest
{
    /// <summary>A token.</summary>
    public string? Token { get; init; }

    /// <summary>A one-time code from a sign-in link.</summary>
    public string? Code { get; init; }
}

/// <summary>Who is signed in.</summary>
public sealed record SessionResponse
{
    /// <summary>The name of whoever calls.</summary>
    public required string Actor { get; init; }

    /// <summary>How: <c>token</c>, <c>session</c>, <c>host</c> (the program that Drover is a part of) or <c>none</c> (no authentication is asked for).</summary>
    public required string Via { get; init; }

    /// <summary>What a session must send in the header <c>X-CSRF-Token</c> with every call that changes something.</summary>
    public string? CsrfToken { get; init; }

    /// <summary>When the session ends.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
