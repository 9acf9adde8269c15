using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Drover.Server.Dashboard;

/// <summary>
/// The dashboard's one page. The build leaves the addresses in it relative; an address such as <c>/jobs/ID</c> shows the same page, so
/// they are completed here by the prefix below which Drover stands, which the page's own code is told as well.
/// </summary>
internal sealed class IndexPage(string path, bool embedded)
{
    public const string ContentType = "text/html; charset=utf-8";
    private readonly string _page = File.ReadAllText(path);
    private volatile Rendered? _latest;

    public async Task SendAsync(HttpContext context)
    {
        // One program stands in one place: the prefix changes only when somebody writes it otherwise.
        string prefix = context.Request.PathBase.ToUriComponent();
        var page = _latest is { } latest && latest.Prefix == prefix ? latest : _latest = Render(prefix);
        var (request, response) = (context.Request, context.Response);
        response.Headers.CacheControl = DashboardFiles.AskEachTime;
        response.Headers.ETag = page.Tag;
        if (request.Headers.IfNoneMatch.Contains(page.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = ContentType;
        response.ContentLength = page.Bytes.Length;
        if (!HttpMethods.IsHead(request.Method))
            await response.Body.WriteAsync(page.Bytes, context.RequestAborted);
    }

    private Rendered Render(string prefix)
    {
        string text = _page.Replace("=\"./", $"=\"{WebUtility.HtmlEncode(prefix)}/", StringComparison.Ordinal);
        if (prefix.Length > 0)
            text = Tell(text, "drover-prefix", prefix);
        if (embedded)
            text = Tell(text, "drover-mode", "embedded");
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new(prefix, bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"");
    }

    private static string Tell(string page, string name, string value) =>
        page.Replace($"name=\"{name}\" content=\"\"", $"name=\"{name}\" content=\"{WebUtility.HtmlEncode(value)}\"", StringComparison.Ordinal);

    private sealed record Rendered(string Prefix, byte[] Bytes, string Tag);
}
