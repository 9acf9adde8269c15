using System.Text.Json;
using Drover.Brokers;
using Drover.Catalog;
using Drover.Server.Contracts;
using Drover.Storage;

namespace Drover.Server.Problems;

/// <summary>Every failure ends as <c>application/problem+json</c>, and nothing that a client sends reaches the log as an error.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            await ProblemResult.WriteAsync(context, Explain(error, context));
            return;
        }

        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentType is null && response.ContentLength is null or 0)
            await ProblemResult.WriteAsync(context, ForStatus(context));
    }

    private ProblemBody Explain(Exception error, HttpContext context)
    {
        switch (error)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                return BodyErrors.Explain(json, context.GetEndpoint());
            case JsonException json:
                return BodyErrors.Explain(json, context.GetEndpoint());
            case BadHttpRequestException bad:
                return ForBadRequest(bad, context);
            case JobValidationException invalid:
                return BodyErrors.Invalid(invalid.Errors.ToDictionary(e => e.Key, e => (IReadOnlyList<string>)e.Value, StringComparer.Ordinal));
            case QueueFullException full:
                return new() { Title = "Queue full", Status = StatusCodes.Status429TooManyRequests, Detail = full.Message };
            case IdempotencyConflictException reused:
                return new() { Title = "Idempotency key reused", Status = StatusCodes.Status422UnprocessableEntity, Detail = reused.Message };
            case JobIdTakenException taken:
                return new() { Title = "Conflict", Status = StatusCodes.Status409Conflict, Detail = taken.Message };
            case CatalogConflictException conflict:
                return new() { Title = "Conflict", Status = StatusCodes.Status409Conflict, Detail = conflict.Message };
            case StoreUnavailableException away:
                log.StoreUnavailable(context.Request.Method, context.Request.Path, away.Message);
                return new()
                {
                    Title = "Store unavailable",
                    Status = StatusCodes.Status503ServiceUnavailable,
                    Detail = away.Message + (away.InDoubt ? " The call may have been carried out all the same; with an Idempotency-Key it can be sent again safely." : ""),
                };
            case ObjectDisposedException:
                return new() { Title = "Shutting down", Status = StatusCodes.Status503ServiceUnavailable, Detail = "Drover is shutting down." };
            default:
                log.Failed(error, context.Request.Method, context.Request.Path, context.TraceIdentifier);
                return new()
                {
                    Title = "Internal error",
                    Status = StatusCodes.Status500InternalServerError,
                    Detail = $"This is a fault in Drover. Its log tells more under {context.TraceIdentifier}.",
                };
        }
    }

    private static ProblemBody ForBadRequest(BadHttpRequestException error, HttpContext context) => error.StatusCode switch
    {
        StatusCodes.Status413PayloadTooLarge => new()
        {
            Title = "Too large",
            Status = error.StatusCode,
            Detail = "The body is larger than is taken here.",
        },
        StatusCodes.Status415UnsupportedMediaType => new()
        {
            Title = "Unsupported media type",
            Status = error.StatusCode,
            Detail = $"Send Content-Type: application/json, not '{context.Request.ContentType}'.",
        },
        _ => new()
        {
            Title = "Bad request",
            Status = error.StatusCode,
            Detail = error.Message.StartsWith("Implicit body", StringComparison.Ordinal) || error.Message.StartsWith("Required parameter", StringComparison.Ordinal)
                ? "A JSON body is required."
                : error.Message,
        },
    };

    private static ProblemBody ForStatus(HttpContext context)
    {
        string what = $"{context.Request.Method} {context.Request.Path}";
        var (title, detail) = context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ("Not found", $"There is nothing at {context.Request.Path}."),
            StatusCodes.Status405MethodNotAllowed => ("Method not allowed", $"{what} is not offered; allowed: {context.Response.Headers.Allow}."),
            StatusCodes.Status413PayloadTooLarge => ("Too large", "The body is larger than is taken here."),
            StatusCodes.Status415UnsupportedMediaType => ("Unsupported media type", "Send Content-Type: application/json."),
            StatusCodes.Status400BadRequest => ("Bad request", "A valid body is required."),
            _ => ("Error", what),
        };
        return new() { Title = title, Status = context.Response.StatusCode, Detail = detail };
    }
}
