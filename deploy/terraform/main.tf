# Topics, subscriptions and the one identity that ingest and close run as, on Google Cloud.
#
#   terraform init && terraform apply -var project=PROJECT

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0, < 8.0"
    }
  }
}

variable "project" {
  type        = string
  description = "Id of the project."
}

variable "producers" {
  type        = set(string)
  description = "Who may publish events, such as serviceAccount:shop@PROJECT.iam.gserviceaccount.com."
  default     = []
}

variable "kubernetes_service_account" {
  type        = string
  description = "NAMESPACE/NAME of the account of Kubernetes that runs as manyhands, with GKE; empty: none."
  default     = ""
}

variable "max_delivery_attempts" {
  type        = number
  description = "After so many a message is given up to the dead-letter topic; a worker that dies costs one."
  default     = 100
}

locals {
  week = "604800s"
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_pubsub_topic" "events" {
  project                    = var.project
  name                       = "events"
  message_retention_duration = local.week
}

resource "google_pubsub_topic" "statements" {
  project                    = var.project
  name                       = "statements"
  message_retention_duration = local.week
}

resource "google_pubsub_topic" "dead_events" {
  project                    = var.project
  name                       = "dead-events"
  message_retention_duration = local.week
}

# Acknowledged messages are kept, so that a restored warehouse gets them again by a seek.
resource "google_pubsub_subscription" "events" {
  project                    = var.project
  name                       = "events"
  topic                      = google_pubsub_topic.events.id
  ack_deadline_seconds       = 60
  message_retention_duration = local.week
  retain_acked_messages      = true

  expiration_policy {
    ttl = ""
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_events.id
    max_delivery_attempts = var.max_delivery_attempts
  }
}

resource "google_pubsub_subscription" "dead_events" {
  project                    = var.project
  name                       = "dead-events"
  topic                      = google_pubsub_topic.dead_events.id
  ack_deadline_seconds       = 60
  message_retention_duration = local.week

  expiration_policy {
    ttl = ""
  }
}

resource "google_service_account" "manyhands" {
  project      = var.project
  account_id   = "manyhands"
  display_name = "manyhands: ingest and close"
}

resource "google_service_account_iam_member" "kubernetes" {
  count              = var.kubernetes_service_account == "" ? 0 : 1
  service_account_id = google_service_account.manyhands.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[${var.kubernetes_service_account}]"
}

resource "google_pubsub_subscription_iam_member" "ingest" {
  for_each = {
    events      = google_pubsub_subscription.events.name
    dead_events = google_pubsub_subscription.dead_events.name
  }
  project      = var.project
  subscription = each.value
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.manyhands.member
}

# To ask whether they are there, and whether the subscription counts attempts.
resource "google_pubsub_subscription_iam_member" "looks" {
  for_each = {
    events      = google_pubsub_subscription.events.name
    dead_events = google_pubsub_subscription.dead_events.name
  }
  project      = var.project
  subscription = each.value
  role         = "roles/pubsub.viewer"
  member       = google_service_account.manyhands.member
}

resource "google_pubsub_topic_iam_member" "looks" {
  project = var.project
  topic   = google_pubsub_topic.statements.name
  role    = "roles/pubsub.viewer"
  member  = google_service_account.manyhands.member
}

resource "google_pubsub_topic_iam_member" "close" {
  project = var.project
  topic   = google_pubsub_topic.statements.name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.manyhands.member
}

resource "google_pubsub_topic_iam_member" "producers" {
  for_each = var.producers
  project  = var.project
  topic    = google_pubsub_topic.events.name
  role     = "roles/pubsub.publisher"
  member   = each.value
}

# Pub/Sub's own account moves what is given up; without these rights nothing is.
resource "google_pubsub_topic_iam_member" "gives_up" {
  project = var.project
  topic   = google_pubsub_topic.dead_events.name
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_subscription_iam_member" "takes_away" {
  project      = var.project
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

output "service_account" {
  description = "What ingest and close run as."
  value       = google_service_account.manyhands.email
}
