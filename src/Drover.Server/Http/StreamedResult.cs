using System.IO.Pipelines;
using Drover.Server.Contracts;
using Drover.Server.Problems;
using Microsoft.AspNetCore.Http.Features;

namespace Drover.Server.Http;

/// <summary>
/// An answer that is written bit by bit, for as long as it takes. What is not taken by the client is never more than a
/// buffer of fixed size, and a client that takes nothing for too long is dropped.
/// </summary>
internal abstract class StreamedResult(string contentType) : IResult
{
    private const int MaxUnflushed = 64 * 1024;

    private HttpContext _context = null!;
    private ServerOptions _options = null!;

    protected TimeProvider Time { get; private set; } = TimeProvider.System;

    protected TimeSpan Heartbeat => _options.Heartbeat;

    protected PipeWriter Body => _context.Response.BodyWriter;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        _context = httpContext;
        _options = httpContext.RequestServices.GetRequiredService<ServerOptions>();
        Time = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        var slots = httpContext.RequestServices.GetRequiredService<StreamSlots>();
        using var slot = slots.TryEnter();
        if (slot is null)
        {
            await ProblemResult.WriteAsync(httpContext, new ProblemBody
            {
                Title = "Too many streams",
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = $"There are {_options.MaxStreams} open streams already.",
            });
            return;
        }

        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        httpContext.Response.ContentType = contentType;
        httpContext.Response.Headers.CacheControl = "no-store";
        httpContext.Response.Headers["X-Accel-Buffering"] = "no";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, slots.Stopping);
        try
        {
            await WriteAsync(ending.Token);
            await FlushAsync();
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has left, or the host stops: what was sent is whole events, and the client knows where to go on.
        }
    }

    /// <summary>Writes the answer; <paramref name="cancel"/> fires when the client leaves or the host stops.</summary>
    protected abstract Task WriteAsync(CancellationToken cancel);

    protected ValueTask FlushIfFullAsync() => Body.UnflushedBytes >= MaxUnflushed ? FlushAsync() : ValueTask.CompletedTask;

    protected async ValueTask FlushAsync()
    {
        var flushing = Body.FlushAsync(CancellationToken.None);
        if (flushing.IsCompletedSuccessfully)
        {
            _ = flushing.Result;
            return;
        }

        try
        {
            await flushing.AsTask().WaitAsync(_options.StallTimeout, Time, _context.RequestAborted);
        }
        catch (TimeoutException)
        {
            _context.Abort();
            throw new OperationCanceledException("The client takes nothing.", _context.RequestAborted);
        }
    }
}
