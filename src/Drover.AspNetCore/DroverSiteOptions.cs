using Microsoft.AspNetCore.Http;

namespace Drover.AspNetCore;

/// <summary>How API and dashboard stand in a program of one's own.</summary>
public sealed class DroverSiteOptions
{
    /// <summary>
    /// Decides on each call, for a program without ASP.NET Core's authorization; null leaves it to the endpoints' policy
    /// (<c>.RequireAuthorization("ops")</c>). With both a call needs both.
    /// </summary>
    public Func<HttpContext, ValueTask<bool>>? Authorize { get; set; }

    /// <summary>The folder of the built dashboard; <c>web</c> beside the program unless set. When there is none in it there is the API alone.</summary>
    public string? DashboardDirectory { get; set; }
}
